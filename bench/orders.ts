/**
 * The child's side of a measurement: it carries out the orders that it is sent over its IPC channel, and ends with the
 * process that started it. The other side: `performance/bed/processes.ts`.
 */

/** Each message has the number of the order that it belongs to. */
export interface OrderMessage {
  number: number;
  order: unknown;
}

export type ReplyMessage = { number: number } & ({ answer: unknown } | { error: string });

export function takeOrders<Order>(carryOut: (order: Order) => Promise<unknown> | unknown): void {
  process.on('message', async ({ number, order }: OrderMessage) => {
    try {
      reply({ number, answer: (await carryOut(order as Order)) ?? null });
    } catch (error) {
      reply({ number, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    }
  });
  process.once('disconnect', () => process.exit(0));
  process.send?.('ready');
}

function reply(message: ReplyMessage): void {
  process.send?.(message);
}

/** Server-Sent Events as OpenAI writes them. */
import type { ServerResponse } from 'node:http';
import { setTimeout } from 'node:timers/promises';

export function formatData(data: object): string {
  return `data: ${JSON.stringify(data)}\n\n`;
}

export function formatEvent(type: string, data: object): string {
  return `event: ${type}\n${formatData(data)}`;
}

export const doneFrame = 'data: [DONE]\n\n';

/** Long enough for two writes to be read separately. */
const APART_MS = 2;

/** Writes `text` in two writes, which split its first character of several bytes. */
export async function writeSplit(res: ServerResponse, text: string): Promise<void> {
  const bytes = Buffer.from(text);
  const lead = bytes.findIndex((byte) => byte >= 0xc0);
  if (lead !== -1) {
    res.write(bytes.subarray(0, lead + 1));
    await setTimeout(APART_MS);
  }
  res.write(bytes.subarray(lead + 1));
}

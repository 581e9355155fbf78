/**
 * Keys of alerts:
 *
 *   <p>:alerts           hash    `<rule> <subject>` → since when it is over its limit, and when that was reported
 *   <p>:alerts:outbox    list    reports that the webhook has not confirmed yet, oldest first
 *   <p>:alerts:watcher   string  the process that watches; gone after a minute of silence
 */
export function alertKeys(prefix: string) {
  const states = `${prefix}:alerts`;
  return { states, outbox: `${states}:outbox`, watcher: `${states}:watcher` };
}

/** Makes idempotency keys, and writes them as a header. */

/** A new random key (UUID v4). Works on pages without TLS too, where browsers hide `crypto.randomUUID`. */
export function newIdempotencyKey(): string {
  if (typeof crypto.randomUUID === 'function') return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** The key as it is, or quoted (a Structured-Field String) where it would otherwise be read as another key. */
export function idempotencyHeader(key: string): string {
  return /^["\s]|\s$/.test(key) ? `"${key.replace(/["\\]/g, '\\$&')}"` : key;
}

/**
 * This package's one key:
 *
 *   <p>:durability   string   `1`; a replica that confirms this write has all earlier ones      no expiry
 */
export const durabilityKey = (prefix: string) => `${prefix}:durability`;

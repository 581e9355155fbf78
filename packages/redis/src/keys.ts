/**
 * This package's keys:
 *
 *   <p>:durability    string   `1`; a replica that confirms this write has all earlier ones              no expiry
 *   <p>:memory        list     `<ms> <bytes used>`, one each five minutes of the last day, newest first   25 hours
 *   <p>:memory:turn   string   held by the process that has made the last of these notes                  5 minutes
 */
export const durabilityKey = (prefix: string) => `${prefix}:durability`;
export const memoryKey = (prefix: string) => `${prefix}:memory`;
export const memoryTurnKey = (prefix: string) => `${prefix}:memory:turn`;

/**
 * This package's one key:
 *
 *   <p>:durability   string   `1`: written to have a replica confirm all that was written before it; for good
 */
export const durabilityKey = (prefix: string) => `${prefix}:durability`;

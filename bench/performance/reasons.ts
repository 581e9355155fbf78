/** Why a goal is not met, by row: shown beside its figures for as long as that is so. Say what costs, and what would change it. */
export const reasons: Readonly<Record<string, string>> = {};

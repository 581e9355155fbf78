/** The longest delay of `setTimeout`, in ms, about 24 days: timers with a longer one fire at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** The one place that decides how numbers, money, sizes, times and durations look. */
export * from './numbers.ts';
export * from './times.ts';

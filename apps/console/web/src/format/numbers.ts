/** Numbers as people read them. English, because all texts are. */

const whole = new Intl.NumberFormat('en-US');
const compact = new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 1 });
const percent = new Intl.NumberFormat('en-US', { style: 'percent', maximumFractionDigits: 1 });
const cents = new Intl.NumberFormat('en-US', { style: 'currency', currency: 'USD' });
const small = new Intl.NumberFormat('en-US', {
  style: 'currency',
  currency: 'USD',
  maximumSignificantDigits: 2,
});
const exactUsd = new Intl.NumberFormat('en-US', {
  style: 'currency',
  currency: 'USD',
  minimumFractionDigits: 2,
  maximumFractionDigits: 9,
});

export const formatCount = (count: number): string => whole.format(count);

/** Short above 10,000, as `12.3K`. */
export const formatShortCount = (count: number): string => (Math.abs(count) < 10_000 ? whole : compact).format(count);

export const formatPercent = (share: number): string => percent.format(share);

/** To cents from a dollar on; below that with two digits that aren't 0, so that a small amount is never shown as nothing. */
export function formatUsd(usd: number): string {
  if (usd === 0 || Math.abs(usd) >= 1) return cents.format(usd);
  const text = small.format(usd);
  return /\.\d$/.test(text) ? `${text}0` : text;
}

/** All digits that are stored. */
export const formatExactUsd = (usd: number): string => exactUsd.format(usd);

const BYTE_UNITS = ['bytes', 'KB', 'MB', 'GB', 'TB'];

/** In powers of 1,024, as Redis counts. */
export function formatBytes(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(BYTE_UNITS.length - 1, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** power;
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${BYTE_UNITS[power]}`;
}

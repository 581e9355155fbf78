// Runs before the first paint, so that a chosen theme never flashes in the other one. `src/kit/theme.ts` writes the choice.
try {
  const theme = localStorage.getItem('holdfast.theme');
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
} catch {
  // Storage is blocked: the system's theme stays.
}

/** Style sheet and logo of the console's pages, served from memory. */
import { Router } from '@holdfast/service';

const css = `
:root {
  color-scheme: light dark;
  --ground: #f6f7f9; --surface: #ffffff; --line: #e3e6eb; --text: #1b2230; --quiet: #5d6778;
  --accent: #2f5fd0; --accent-text: #ffffff; --good: #1d7a4f; --good-ground: #e5f4ec;
  --warn: #8a5a00; --warn-ground: #fdf1d8; --bad: #b3261e; --bad-ground: #fcebea;
  --shadow: 0 1px 2px rgb(20 30 50 / 5%), 0 8px 24px rgb(20 30 50 / 5%);
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #12161c; --surface: #1a2029; --line: #2b3340; --text: #e6eaf0; --quiet: #98a3b3;
    --accent: #7ea2ff; --accent-text: #0d1420; --good: #6fd1a0; --good-ground: #173026;
    --warn: #f0c369; --warn-ground: #352a12; --bad: #ff9a92; --bad-ground: #3a1c1b;
    --shadow: 0 1px 2px rgb(0 0 0 / 40%);
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
h1 { font-size: 1.4rem; line-height: 1.25; margin: 0; font-weight: 650; letter-spacing: -0.01em; }
h2 { font-size: 1rem; margin: 0 0 .75rem; font-weight: 600; }
a { color: var(--accent); text-decoration: none; }
a:hover { text-decoration: underline; }
code { font: .875em ui-monospace, "SF Mono", Menlo, Consolas, monospace; background: var(--ground);
  border: 1px solid var(--line); border-radius: 5px; padding: .1em .35em; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.card { background: var(--surface); border: 1px solid var(--line); border-radius: 12px; box-shadow: var(--shadow); }
.quiet, .hint { color: var(--quiet); margin: 0; }
.hint { font-size: .85rem; }
.brand { display: inline-flex; align-items: center; gap: .5rem; font-weight: 650; }
.brand small { color: var(--quiet); font-weight: 500; font-size: .85rem; }
button { font: inherit; font-weight: 600; cursor: pointer; border: 0; border-radius: 8px; padding: .65rem 1rem;
  background: var(--accent); color: var(--accent-text); }
button:hover { filter: brightness(1.06); }
button.plain { background: none; color: var(--quiet); font-weight: 500; padding: .35rem .6rem; }
button.plain:hover { color: var(--text); }
.login { min-height: 100vh; display: grid; place-items: center; padding: 1.5rem; }
.login form { width: min(24rem, 100%); padding: 2rem; display: grid; gap: .75rem; }
.login h1 { margin-top: .75rem; }
label { font-weight: 600; font-size: .9rem; margin-top: .5rem; }
input[type=password] { font: inherit; color: inherit; width: 100%; background: var(--ground);
  border: 1px solid var(--line); border-radius: 8px; padding: .65rem .75rem; }
input[aria-invalid] { border-color: var(--bad); }
.alert { margin: 0; padding: .6rem .75rem; border-radius: 8px; background: var(--bad-ground); color: var(--bad); }
.bar { display: flex; align-items: center; flex-wrap: wrap; gap: .5rem 2rem; padding: .75rem 1.5rem;
  background: var(--surface); border-bottom: 1px solid var(--line); }
.bar nav { display: flex; gap: 1.25rem; flex: 1; }
.bar nav a { color: var(--quiet); white-space: nowrap; }
.bar nav a[aria-current] { color: var(--text); font-weight: 600; }
@media (max-width: 34rem) {
  .bar { padding: .75rem 1rem; }
  .bar form { margin-left: auto; }
  .bar nav { order: 3; flex-basis: 100%; }
}
.wide { max-width: 72rem; margin: 0 auto; padding: 2rem 1.5rem; display: grid; gap: 1.25rem; }
.wide > * { min-width: 0; }
.tiles { list-style: none; margin: 0; padding: 0; display: grid; gap: .75rem;
  grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); }
.tiles li { padding: .9rem 1.1rem; display: grid; }
.tiles span { color: var(--quiet); font-size: .85rem; }
.tiles strong { font-size: 1.6rem; line-height: 1.2; font-variant-numeric: tabular-nums; font-weight: 650; }
section.card { padding: 1.25rem; }
.scroll { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; }
th, td { text-align: left; padding: .6rem .75rem; border-bottom: 1px solid var(--line); white-space: nowrap; }
tbody tr:last-child > * { border-bottom: 0; }
thead th { color: var(--quiet); font-weight: 500; font-size: .85rem; }
tbody th { font-weight: 600; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
.loud { color: var(--bad); font-weight: 600; }
.pill { font-size: .8rem; font-weight: 600; border-radius: 99px; padding: .15rem .6rem; }
.pill.open { color: var(--good); background: var(--good-ground); }
.pill.paused { color: var(--warn); background: var(--warn-ground); }
`;

const mark = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#4f7df0" stroke-width="2.2"
 stroke-linecap="round" stroke-linejoin="round"><circle cx="12" cy="5" r="2.5"/><path d="M12 7.5V21M7.5 11h9M4 13.5c0 4.2
 3.4 7.5 8 7.5s8-3.3 8-7.5"/></svg>`;

export function assetRoutes(): Router {
  const router = Router();
  router.get('/console.css', (_request, response) => void response.type('css').send(css));
  router.get('/console.svg', (_request, response) => void response.type('svg').send(mark));
  return router;
}

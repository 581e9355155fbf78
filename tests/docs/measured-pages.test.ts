/** Pages of measurements are what their scripts make of the stored results: nobody edits a figure, or forgets to make a page again. */
import { describe, expect, it } from '@jest/globals';
import { pageOf as fairOrderPage } from '../../bench/fair-order/report.ts';
import { pageOf as performancePage } from '../../bench/performance/page.ts';
import { svgOf } from '../../bench/performance/plot.ts';
import type { Results } from '../../bench/performance/results.ts';
import { rows } from '../../bench/performance/rows.ts';
import { pageOf as tokenDelayPage } from '../../bench/token-delay/report.ts';
import { readText } from './pages.ts';

const resultsOf = (name: string) => JSON.parse(readText(`bench/results/${name}.json`));
const performanceResults = resultsOf('performance') as Results;

describe('a page of measurements', () => {
  it.each([
    ['docs/performance.md', performancePage(performanceResults), 'npm run bench -- --page'],
    ['docs/bench/fair-order.md', fairOrderPage(resultsOf('fair-order')), 'npm run bench:fair-order -- --page'],
    ['docs/bench/token-delay.md', tokenDelayPage(resultsOf('token-delay')), 'npm run bench:token-delay -- --page'],
  ])('%s is what its script writes', (path, page, command) => {
    if (readText(path) !== page) throw new Error(`${path} is not made from the stored results: run ${command}`);
  });

  it.each(Object.values(performanceResults).flatMap(({ curves }) => curves))('shows the plot $name', (curve) => {
    expect(readText(`docs/performance/${curve.name}.svg`)).toBe(svgOf(curve));
  });
});

describe('stored results', () => {
  it.each(Object.entries(performanceResults))('of %s have the titles that its row has', (name, { title, figures }) => {
    const row = rows.find((known) => known.name === name);
    expect(row?.title).toBe(title);
    expect(row?.figures.map((figure) => figure.title)).toEqual(
      expect.arrayContaining(figures.map((figure) => figure.title)),
    );
  });
});

/** Every decision has the same form, so that readers find what was rejected, and why, in the same place. */
import { describe, expect, it } from '@jest/globals';
import { decisionPages, readText } from './pages.ts';

/** In this order. Only a decision that rests on figures has `Measured`. */
const required = ['Context', 'Decision', 'Rejected', 'Consequences'];
const withMeasured = ['Context', 'Decision', 'Measured', 'Rejected', 'Consequences'];

describe('a decision', () => {
  it.each(decisionPages())('%s has a title, the date of its name, and the headings of all', (path) => {
    const text = readText(path);
    const [, date] = /\/(\d{4}-\d{2}-\d{2})-[^/]*$/.exec(path) ?? [];
    expect(text).toMatch(new RegExp(`^# .+\n\nAccepted ${date}\\.`));
    const headings = [...text.matchAll(/^##+ (.*)$/gm)].map(([, heading]) => heading);
    expect(headings).toEqual(headings.includes('Measured') ? withMeasured : required);
  });
});

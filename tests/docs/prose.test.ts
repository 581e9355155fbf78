/** Sentences are short, and README is. */
import { describe, expect, it } from '@jest/globals';
import { parsePage, sentenceLengths } from './markdown.ts';
import { prosePages, readPage } from './pages.ts';

/** An average of many short ones and a few long ones; nobody follows more in one go. */
const [MAX_AVERAGE, MAX_WORDS] = [17, 30];

describe('README', () => {
  it('has at most 150 lines and 900 words', () => {
    const { lines, words } = readPage('README.md');
    expect(lines).toBeLessThanOrEqual(150);
    expect(words).toBeLessThanOrEqual(900);
  });

  it('begins with the two commands', () => {
    const [first] = readPage('README.md').blocks;
    const commands = first?.code.split('\n').map((line) => line.replace(/ *#.*/, ''));
    expect({ language: first?.language, commands }).toEqual({ language: 'sh', commands: ['npm start', 'npm test'] });
  });
});

describe('sentences', () => {
  it.each(prosePages())(`of %s have at most ${MAX_WORDS} words, and ${MAX_AVERAGE} on average`, (path) => {
    const lengths = readPage(path).paragraphs.flatMap((paragraph) =>
      sentenceLengths(paragraph).map((sentence) => ({ line: paragraph.line, ...sentence })),
    );
    const long = lengths.filter(({ words }) => words > MAX_WORDS);
    expect(long.map(({ line, words, sentence }) => `${path}:${line} ${words} words: ${sentence}`)).toEqual([]);
    const total = lengths.reduce((sum, { words }) => sum + words, 0);
    expect(lengths.length === 0 ? 0 : total / lengths.length).toBeLessThanOrEqual(MAX_AVERAGE);
  });

  it('are told apart by their ends; code, tables and headings are none', () => {
    const text =
      '# A heading\n\nOne `two three` four. Five\nsix!\n\n- An item. _In italics_, a `snake_case`.\n- Another one\n\n| a | table |\n\n```sh\nls\n```\n';
    const { paragraphs } = parsePage(text);
    expect(paragraphs.flatMap(sentenceLengths).map(({ words }) => words)).toEqual([3, 2, 2, 4, 2]);
  });
});

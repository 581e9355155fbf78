/**
 * A Markdown page as the tests of the documents see it: code blocks, headings, links and prose.
 *
 * An HTML comment right before a code block tells the tests about it; readers don't see it:
 *
 *   <!-- not run: why -->    the block can't be run in a test
 *   <!-- output -->          a `text` block: what the commands before it print; `…` stands for anything
 *   <!-- exit code: 3 -->    of an `sh` block, where its last command is meant to fail
 *   <!-- file: name.json --> the block is saved under this name, for the blocks after it
 *   <!-- in: folder -->      the page's directory has what this folder of the repository has, for relative imports
 *   <!-- given: code -->     of a `ts` block that is a fragment: declarations to check it with. It isn't run
 */

export interface Block {
  /** From 1, of the line that opens the block. */
  line: number;
  language: string;
  code: string;
  /** By their names; '' where a comment has no value. */
  comments: ReadonlyMap<string, string>;
}

export interface Link {
  line: number;
  target: string;
}

/** Text that a reader reads as one: a paragraph, or an item of a list. */
export interface Paragraph {
  line: number;
  text: string;
}

export interface Page {
  blocks: Block[];
  /** What `#…` in a link to the page may say. */
  anchors: Set<string>;
  links: Link[];
  paragraphs: Paragraph[];
  lines: number;
  /** Words outside of code blocks and comments: tables and headings count. */
  words: number;
}

interface Line {
  number: number;
  text: string;
}

const FENCE = /^\s*(`{3,}|~{3,})\s*([^`]*)$/;
const COMMENT = /^\s*<!--\s*([a-z ]+?)(?:: ([\s\S]*?))?\s*-->\s*$/;

export function parsePage(text: string): Page {
  const all = text
    .replace(/\n$/, '')
    .split('\n')
    .map((line, index): Line => ({ number: index + 1, text: line }));
  const { blocks, rest } = takeBlocks(all);
  return {
    blocks,
    anchors: anchorsOf(rest),
    links: rest.flatMap(linksOf),
    paragraphs: paragraphsOf(rest),
    lines: all.length,
    words: rest.reduce((sum, line) => sum + wordsOf(line.text).length, 0),
  };
}

/** Code blocks, and the lines that are in none. @throws Error where a block isn't closed */
function takeBlocks(lines: readonly Line[]): { blocks: Block[]; rest: Line[] } {
  const blocks: Block[] = [];
  const rest: Line[] = [];
  let comments = new Map<string, string>();
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] as Line;
    const fence = FENCE.exec(line.text);
    if (fence) {
      const end = lines.findIndex(({ text }, index) => index > at && text.trim() === fence[1]);
      if (end < 0) throw new Error(`The code block of line ${line.number} isn't closed.`);
      const indent = /^\s*/.exec(line.text)?.[0].length ?? 0;
      const code = lines.slice(at + 1, end).map(({ text }) => text.slice(indent));
      blocks.push({ line: line.number, language: fence[2]?.trim() ?? '', code: code.join('\n'), comments });
      comments = new Map();
      at = end;
      continue;
    }
    const comment = COMMENT.exec(line.text);
    if (comment) comments.set(comment[1] ?? '', comment[2] ?? '');
    else if (line.text.trim() !== '') comments = new Map();
    if (!comment) rest.push(line);
  }
  return { blocks, rest };
}

/** As GitHub makes them of headings: a second heading of the same text has `-1` at its end. */
function anchorsOf(lines: readonly Line[]): Set<string> {
  const anchors = new Set<string>();
  for (const { text } of lines) {
    for (const [, id = ''] of text.matchAll(/\b(?:id|name)="([^"]+)"/g)) anchors.add(id);
    const heading = /^#{1,6} +(.*?) *#*$/.exec(text)?.[1];
    if (heading === undefined) continue;
    const anchor = plainText(heading)
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-');
    let unique = anchor;
    for (let count = 1; anchors.has(unique); count++) unique = `${anchor}-${count}`;
    anchors.add(unique);
  }
  return anchors;
}

function linksOf({ number, text }: Line): Link[] {
  const prose = text.replace(/`[^`]*`/g, '');
  const inline = prose.matchAll(/\]\(([^()\s]+(?:\([^()\s]*\))?)(?: "[^"]*")?\)/g);
  const tags = prose.matchAll(/\b(?:href|src|srcset)="([^"]+)"/g);
  return [...inline, ...tags].map(([, target = '']) => ({ line: number, target }));
}

/** A text without its marks: a link is its text, code is its text. */
function plainText(text: string): string {
  return text
    .replace(/!\[[^\]]*\]\([^)]*\)/g, '')
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/<[^>]+>/g, '')
    .replace(/`([^`]*)`/g, '$1')
    .replace(/[*]{1,3}/g, '')
    .replace(/(?<!\w)_([^_]+)_(?!\w)/g, '$1');
}

function wordsOf(text: string): string[] {
  return plainText(text)
    .split(/\s+/)
    .filter((word) => /[\p{L}\p{N}]/u.test(word));
}

/** Paragraphs and items of lists; headings, tables and HTML are none. */
function paragraphsOf(lines: readonly Line[]): Paragraph[] {
  const paragraphs: Paragraph[] = [];
  let current: Paragraph | null = null;
  let last = 0;
  for (const { number, text } of lines) {
    const isNone = /^\s*(#|\||<|!\[[^\]]*\]\([^)]*\)\s*$)/.test(text) || text.trim() === '';
    const item = /^\s*(?:>\s*)?(?:[-*+]|\d+\.) +(.*)$/.exec(text)?.[1];
    // A code block between two lines parts them too.
    if (isNone || item !== undefined || number !== last + 1) current = null;
    last = number;
    if (isNone) continue;
    if (current) current.text += ` ${text.trim()}`;
    else {
      current = { line: number, text: item ?? text.trim() };
      paragraphs.push(current);
    }
  }
  return paragraphs;
}

/** How many words each sentence of a paragraph has. A piece of code is one word. */
export function sentenceLengths({ text }: Paragraph): { sentence: string; words: number }[] {
  const readable = plainText(text.replace(/`[^`]*`/g, 'Code'));
  return readable
    .split(/(?<=[.!?:][)"”*]*)\s+(?=["“(]?[\p{Lu}\p{N}])/u)
    .map((sentence) => ({ sentence, words: wordsOf(sentence).length }))
    .filter(({ words }) => words > 0);
}

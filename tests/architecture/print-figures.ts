/** `npm run figures`: what can be counted of this tree, as a short table. `figures.ts` says what counts as what. */
import { type Counted, figuresOf, MAX_FOLDER_WIDTH, type Spread } from './figures.ts';
import { root } from './workspaces.ts';

const LABEL_WIDTH = 18;
const MAX_NAME = 100;

const whole = new Intl.NumberFormat('en-US');
const tenths = new Intl.NumberFormat('en-US', { minimumFractionDigits: 1, maximumFractionDigits: 1 });

const row = (label: string, value: string) => `${label.padEnd(LABEL_WIDTH)}${value}`;
const middle = ({ median, p90, max }: Spread) => `median ${median}, p90 ${p90}, max ${max}`;

function named(all: Counted[]): string[] {
  return all.map(({ name, size }) => {
    const short = name.length > MAX_NAME ? `${name.slice(0, MAX_NAME - 2)} …` : name;
    return row('', `${String(size).padStart(4)}  ${short}`);
  });
}

function cycles(label: string, all: string[][]): string[] {
  const sizes = all.map((files) => files.length).join(', ');
  const files = all.flatMap((cycle) => [...cycle.map((path) => row('', `      ${path}`)), '']);
  return [row(label, all.length === 0 ? 'none' : `${all.length}, of ${sizes} files`), ...files.slice(0, -1)];
}

const figures = figuresOf(root);
const lines = [
  row('source', `${whole.format(figures.files)} files, ${whole.format(figures.lines)} lines`),
  row('lines a file', middle(figures.fileLines)),
  ...named(figures.fileLines.largest),
  row('lines a function', middle(figures.functionLines)),
  ...named(figures.functionLines.largest),
  row('comments', `${Math.round(figures.commentShare * 100)} % of lines`),
  ...cycles('import cycles', figures.cycles),
  ...cycles('… with types', figures.cyclesWithTypes),
  row('tests : source', tenths.format(figures.testsToSource)),
  row('files a folder', middle(figures.folderWidths)),
  row(`… above ${MAX_FOLDER_WIDTH}`, figures.wideFolders.length === 0 ? 'none' : ''),
  ...named(figures.wideFolders),
  row('words a sentence', middle(figures.sentenceWords)),
  ...named(figures.sentenceWords.largest),
];
process.stdout.write(`${lines.join('\n')}\n`);

/**
 * A page's code as one program: its `sh` blocks in order in one shell, its whole `ts` blocks where they stand, its files
 * saved before what comes after them. Addresses that `npm start` has by default are those of the test's processes.
 */
import { mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Block, Page } from './markdown.ts';
import { root } from './pages.ts';

/** Printed before what a block prints. */
const MARK = '\u0001block ';

export interface PageProgram {
  /** For bash; ends at the first block that fails, with its exit code. */
  script: string;
  /** TypeScript files in the page's directory, by their names: the line of the page at which each begins. */
  modules: Map<string, number>;
  /** How many blocks the program runs. */
  runs: number;
}

/** A directory in which code finds the workspaces as it does in a clone. */
export function makeWorkspace(dir: string): void {
  mkdirSync(dir, { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(dir, 'node_modules'));
  writeFileSync(join(dir, 'package.json'), '{ "type": "module" }\n');
}

/** Writes the page's modules into `dir`, and gives the program that runs it there. */
export function writePageProgram(page: Page, dir: string, addresses: ReadonlyMap<string, string>): PageProgram {
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  for (const folder of new Set(page.blocks.flatMap(({ comments }) => comments.get('in') ?? []))) mirror(folder, dir);
  const modules = new Map<string, number>();
  const steps = page.blocks.flatMap((block) => {
    const { language, line, comments } = block;
    const file = comments.get('file');
    const code = withAddresses(block.code, addresses);
    if (language === 'ts') {
      const name = file ?? `line-${line}.ts`;
      writeModule(join(dir, name), { ...block, code });
      modules.set(name, line);
      const isRun = !file && !comments.has('given') && !comments.has('not run');
      return isRun ? [step(line, `node ${name}`)] : [];
    }
    if (comments.has('not run')) return [];
    if (file)
      return [step(line, `mkdir -p "$(dirname '${file}')"; cat > '${file}' <<'END OF FILE'\n${code}\nEND OF FILE`)];
    if (language !== 'sh') return [];
    return [comments.has('exit code') ? failing(line, code, comments.get('exit code') ?? '') : step(line, code)];
  });
  return { script: ['set -eu', ...steps, ''].join('\n'), modules, runs: steps.length };
}

function mirror(folder: string, dir: string): void {
  const from = join(root, folder);
  for (const name of readdirSync(from)) symlinkSync(join(from, name), join(dir, name));
}

const mark = (line: number) => `printf '\\n${MARK}${line}\\n'`;
const step = (line: number, code: string) => `${mark(line)}\n${code}`;

function failing(line: number, code: string, exitCode: string): string {
  const check = `[ $code -eq ${exitCode} ] || { echo "exit code $code, not ${exitCode}"; exit 1; }`;
  return `${mark(line)}\nset +e\n( set -e\n${code}\n)\ncode=$?\nset -e\n${check}`;
}

function withAddresses(code: string, addresses: ReadonlyMap<string, string>): string {
  return [...addresses].reduce(
    (text, [port, address]) => text.replace(new RegExp(`\\b(?:localhost|127\\.0\\.0\\.1):${port}\\b`, 'g'), address),
    code,
  );
}

/** A fault in line N of the module is one in line N of the page. */
function writeModule(path: string, { code, line, comments }: Block): void {
  mkdirSync(dirname(path), { recursive: true });
  const isModule = /^(?:import|export)\b/m.test(code);
  const given = (comments.get('given') ?? '').replaceAll('\n', ' ');
  writeFileSync(path, `${given}${'\n'.repeat(line)}${code}\n${isModule ? '' : 'export {};\n'}`);
}

/** What each block has printed, by its line. */
export function outputsOf(output: string): Map<number, string> {
  const parts = output.split(`\n${MARK}`).slice(1);
  return new Map(
    parts.map((part) => {
      const end = part.indexOf('\n');
      return [Number(part.slice(0, end)), part.slice(end + 1)];
    }),
  );
}

/** Lines of `expected` that `actual` lacks, in their order. `…` stands for anything; how wide a gap is doesn't matter. */
export function missingLines(expected: string, actual: string): string[] {
  const printed = actual.split('\n').map(plain);
  let at = 0;
  return expected
    .split('\n')
    .filter((line) => !/^\s*…?\s*$/.test(line))
    .filter((line) => {
      const pattern = new RegExp(`^${plain(line).split('…').map(escapePattern).join('.*')}$`);
      const found = printed.findIndex((text, index) => index >= at && pattern.test(text));
      if (found >= 0) at = found + 1;
      return found < 0;
    });
}

const plain = (line: string) => line.trim().replace(/\s+/g, ' ');

function escapePattern(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

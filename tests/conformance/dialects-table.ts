/**
 * The table of docs/reference/providers.md. Run this file to write it anew:
 *
 *   node --conditions=holdfast-source tests/conformance/dialects-table.ts
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dialects } from './dialects.ts';

const file = join(import.meta.dirname, '../../docs/reference/providers.md');
const [begin, end] = ['<!-- dialects: made from tests/conformance/dialects.ts -->', '<!-- end of dialects -->'];

const cell = (text: string) => text.replaceAll('|', '\\|');

function table(): string {
  const parts = Object.entries(dialects).map(([kind, some]) => {
    const rows = some.map(({ says, read, seenAt }) => `| ${cell(says)} | ${cell(read)} | ${cell(seenAt)} |`);
    return [
      `### ${kind}`,
      '',
      '| a provider does this | and it is read as | seen at |',
      '| --- | --- | --- |',
      ...rows,
    ].join('\n');
  });
  return parts.join('\n\n');
}

/** The table as it is in the document, and as it should be. */
export function readTable(): { isThere: string; should: string } {
  const text = readFileSync(file, 'utf8');
  return { isThere: text.slice(text.indexOf(begin) + begin.length, text.indexOf(end)).trim(), should: table() };
}

if (process.argv[1] === import.meta.filename) {
  const text = readFileSync(file, 'utf8');
  writeFileSync(
    file,
    `${text.slice(0, text.indexOf(begin))}${begin}\n\n${table()}\n\n${text.slice(text.indexOf(end))}`,
  );
  // `npm run format` wants the columns aligned.
  execFileSync('npx', ['biome', 'format', '--write', file], { stdio: 'inherit' });
}

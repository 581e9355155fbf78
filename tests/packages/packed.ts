/** Packs and checks as `npm run pack` and `npm run check:packages` do: each a process of its own. */
import { execFile } from 'node:child_process';
import { basename, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { CheckedTarball } from '../../packaging/check.ts';
import { root } from '../../packaging/published.ts';

const execute = promisify(execFile);

async function run(script: string, args: readonly string[]): Promise<string> {
  const file = join(root, 'packaging', script);
  const { stdout } = await execute(process.execPath, ['--conditions=holdfast-source', file, ...args], { cwd: root });
  return stdout;
}

/** Packs everything into `out`. Returns the tarballs by the names of their packages. */
export async function packInto(out: string): Promise<ReadonlyMap<string, string>> {
  const lines = (await run('pack.ts', [out])).trim().split('\n');
  return new Map(lines.map((line) => line.split('  ')).map(([name = '', file = '']) => [name, resolve(root, file)]));
}

/** Checks tarballs, whatever comes of it: by the names of their files, without the ending. */
export async function checkAll(tarballs: readonly string[]): Promise<ReadonlyMap<string, CheckedTarball>> {
  const text = await run('check.ts', ['--json', ...tarballs]).catch((error: { stdout?: string }) => {
    if (error.stdout?.startsWith('[')) return error.stdout;
    throw error;
  });
  return new Map((JSON.parse(text) as CheckedTarball[]).map((checked) => [basename(checked.file, '.tgz'), checked]));
}

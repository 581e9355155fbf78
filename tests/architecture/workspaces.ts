/** The tree as the architecture tests see it: workspaces, their source files, and what each imports. */
import { readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join, relative, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');

interface Import {
  specifier: string;
  typeOnly: boolean;
}

export interface SourceFile {
  /** From the root, as `packages/core/src/job/job.ts`. */
  path: string;
  imports: Import[];
  /** Takes a variable from `process.env`; handing `process.env` on whole doesn't count. */
  readsEnv: boolean;
  source: string;
}

export interface Workspace {
  /** As `packages/core`. */
  path: string;
  name: string;
  dependencies: Record<string, string>;
  /** Without tests and what only tests use. */
  files: SourceFile[];
}

const IMPORT =
  /(?:^|\n)\s*(?:import|export)\s+(type\s+)?(?:[^'";]*?\sfrom\s+)?['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]/g;

function importsOf(text: string): Import[] {
  return [...text.matchAll(IMPORT)].map(([, type, stated, dynamic]) => ({
    specifier: stated ?? dynamic ?? '',
    typeOnly: type !== undefined,
  }));
}

function isSource(name: string): boolean {
  return /\.tsx?$/.test(name) && !/\.test\.tsx?$/.test(name);
}

function sourcesOf(workspace: string): SourceFile[] {
  const folders = ['src', 'demo/src'].map((folder) => join(root, workspace, folder));
  return folders.flatMap((folder) => {
    let names: string[] = [];
    try {
      names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
    } catch {
      return [];
    }
    return names.filter(isSource).map((name) => {
      const path = join(folder, name);
      const text = readFileSync(path, 'utf8');
      return {
        path: relative(root, path),
        imports: importsOf(text),
        readsEnv: /process\.env\s*[.[]/.test(text),
        source: text,
      };
    });
  });
}

export function readWorkspaces(): Workspace[] {
  return ['packages', 'apps'].flatMap((kind) =>
    readdirSync(join(root, kind)).map((name) => {
      const path = `${kind}/${name}`;
      const manifest = JSON.parse(readFileSync(join(root, path, 'package.json'), 'utf8')) as {
        name: string;
        dependencies?: Record<string, string>;
      };
      return { path, name: manifest.name, dependencies: manifest.dependencies ?? {}, files: sourcesOf(path) };
    }),
  );
}

/** The package that a specifier belongs to; null for Node's own and for files. */
export function packageOf(specifier: string): string | null {
  if (isBuiltin(specifier) || /^[./]/.test(specifier)) return null;
  const [scope, name] = specifier.split('/');
  return specifier.startsWith('@') ? `${scope}/${name}` : (scope ?? null);
}

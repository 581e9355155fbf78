/**
 * The types of a library: the declarations that the build has made, from its exports on, with the way to our own packages
 * changed as in the JavaScript (`javascript.ts`). The client's need no zod: `contract-types.ts` spells out what core infers.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { type ContractType, writeContract } from './contract-types.ts';
import { libraryOf, placeOf } from './javascript.ts';
import { openExports, readManifest, workspacesByName } from './manifest.ts';
import { type PublishedPackage, root } from './published.ts';

/** A comment, which may hold an example; or `from '…'` or `import('…')`, of types and values alike. */
const SPECIFIER = /\/\*.*?\*\/|(\bfrom |\bimport\()(['"])([^'"]+)\2/gs;
const CONTRACT = 'dist/contract';

interface Declaration {
  /** In the repository, from the root. */
  source: string;
  /** In the package. */
  place: string;
}

export class Declarations {
  readonly #published: PublishedPackage;
  readonly #directory: string;
  readonly #workspaces = workspacesByName();
  readonly #written = new Set<string>();
  readonly #contract = new Set<ContractType>();
  readonly #libraries = new Set<string>();
  /** Whether types that come of zod schemas are spelled out: the package may not ask for zod. */
  readonly #withoutZod: boolean;

  constructor(published: PublishedPackage, directory: string) {
    this.#published = published;
    this.#directory = directory;
    this.#withoutZod = !published.peers.includes('zod');
  }

  /**
   * Returns the libraries that they import.
   * @throws Error where a declaration isn't built, or imports what the package doesn't hold
   */
  write(): string[] {
    for (const [, { types }] of openExports(this.#published)) this.#add(join(this.#published.home, types ?? ''));
    if (this.#contract.size > 0) this.#save(`${CONTRACT}.d.ts`, writeContract([...this.#contract]));
    return [...this.#libraries];
  }

  #add(source: string): string {
    const place = `${placeOf(this.#published, source.replace(/\.d\.ts$/, ''))}.d.ts`;
    if (this.#written.has(source)) return place;
    this.#written.add(source);
    const text = readFileSync(join(root, source), 'utf8').replace(/^\/\/# sourceMappingURL=.*\n?/m, '');
    this.#save(place, this.#withOwnPaths(text, { source, place }));
    return place;
  }

  #save(place: string, text: string): void {
    const file = join(this.#directory, place);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }

  #withOwnPaths(text: string, declaration: Declaration): string {
    return text.replace(
      SPECIFIER,
      (whole: string, before: string, quote: string, specifier: string | undefined, at: number) => {
        if (specifier === undefined) return whole;
        const target = this.#targetOf(specifier, declaration, () => namesBefore(text, at));
        return target === null ? whole : `${before}${quote}${pathTo(declaration.place, target)}${quote}`;
      },
    );
  }

  /** Where in the package it is; null: a library's. */
  #targetOf(specifier: string, { source }: Declaration, names: () => ContractType[]): string | null {
    if (specifier.startsWith('.')) return this.#add(join(dirname(source), specifier.replace(/\.[jt]s$/, '.d.ts')));
    const [, name = specifier, subpath = '.'] = /^(@holdfast\/[\w-]+)(?:\/(.+))?$/.exec(specifier) ?? [];
    const workspace = this.#workspaces.get(name);
    if (workspace === undefined) {
      const library = libraryOf(specifier);
      if (library !== null) this.#libraries.add(library);
      return null;
    }
    if (this.#withoutZod) {
      for (const wanted of names()) this.#contract.add(wanted);
      return `${CONTRACT}.d.ts`;
    }
    const exported = readManifest(workspace).exports?.[subpath === '.' ? '.' : `./${subpath}`];
    if (exported === undefined || typeof exported === 'string' || !exported.types) {
      throw new Error(`${source}: ${specifier} has no types to copy.`);
    }
    return this.#add(join(workspace, exported.types));
  }
}

/** The names in the braces of the import that ends at `at`. */
function namesBefore(text: string, at: number): ContractType[] {
  const [, names = ''] = /\{([^{}]*)\}\s*$/.exec(text.slice(0, at)) ?? [];
  return names
    .split(',')
    .map((name) =>
      name
        .trim()
        .replace(/^type /, '')
        .replace(/ as .*$/, ''),
    )
    .filter((name) => name !== '');
}

function pathTo(place: string, target: string): string {
  const path = relative(dirname(place), target).replace(/\.d\.ts$/, '.js');
  return path.startsWith('.') ? path : `./${path}`;
}

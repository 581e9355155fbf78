/** The package.json beside this command: its version, and those of what it needs. */
import { readFileSync } from 'node:fs';

interface OwnManifest {
  version: string;
  dependencies: Readonly<Record<string, string>>;
}

export function ownManifest(): OwnManifest {
  return JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as OwnManifest;
}

/** Finds settings that no process reads: a misspelled variable would change nothing, and nobody would notice. */
import { nearestName } from './nearest-name.ts';

/** Every `HOLDFAST_…` variable that a process of Holdfast reads. A test compares them with each `config.ts`. */
export const holdfastSettings: readonly string[] = [
  'HOLDFAST_ADMIN_KEY',
  'HOLDFAST_API_KEY',
  'HOLDFAST_API_URL',
  'HOLDFAST_BOOTSTRAP_KEY',
  'HOLDFAST_CONFIG',
  'HOLDFAST_CONSOLE_URL',
  'HOLDFAST_DATA_DIR',
  'HOLDFAST_PREFIX',
  'HOLDFAST_URL',
];

/** Variables that only docker-compose.yml or the tests read. */
const elsewhere: ReadonlySet<string> = new Set(['HOLDFAST_IMAGE', 'HOLDFAST_TEST_REDIS_URL']);

/** Names of `HOLDFAST_…` variables that are set and that no process reads. @param alsoRead further names, from the config file */
export function unknownSettings(env: NodeJS.ProcessEnv, alsoRead: readonly string[] = []): string[] {
  return Object.keys(env).filter(
    (name) =>
      name.startsWith('HOLDFAST_') &&
      !holdfastSettings.includes(name) &&
      !elsewhere.has(name) &&
      !alsoRead.includes(name),
  );
}

/** A warning for each of `unknownSettings`, with the name that was probably meant. Values are not shown. */
export function warnOfUnknownSettings(env: NodeJS.ProcessEnv, alsoRead: readonly string[] = []): string[] {
  return unknownSettings(env, alsoRead).map((name) => {
    const meant = nearestName(name, holdfastSettings);
    return `${name} is set, and nothing reads it: ${meant ? `did you mean ${meant}?` : `expected one of ${holdfastSettings.join(', ')}`}`;
  });
}

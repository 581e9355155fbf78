/** Settings that nobody reads: a variable whose name is misspelled would change nothing, and nobody would notice. */
import { nearestName } from './nearest-name.ts';

/** Every `HOLDFAST_…` variable that some process of Holdfast reads. A test compares them with what each `config.ts` names. */
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

/** Of docker-compose.yml, which hands a service none of them, and of the tests. */
const elsewhere: ReadonlySet<string> = new Set(['HOLDFAST_IMAGE', 'HOLDFAST_TEST_REDIS_URL']);

/** Names of `HOLDFAST_…` variables that are set and that nobody reads. @param alsoRead further ones, as the config file names them */
export function unknownSettings(env: NodeJS.ProcessEnv, alsoRead: readonly string[] = []): string[] {
  return Object.keys(env).filter(
    (name) =>
      name.startsWith('HOLDFAST_') &&
      !holdfastSettings.includes(name) &&
      !elsewhere.has(name) &&
      !alsoRead.includes(name),
  );
}

/** What is to be warned of at the start: each of `unknownSettings`, with what was probably meant. Values are not shown. */
export function warnOfUnknownSettings(env: NodeJS.ProcessEnv, alsoRead: readonly string[] = []): string[] {
  return unknownSettings(env, alsoRead).map((name) => {
    const meant = nearestName(name, holdfastSettings);
    return `${name} is set, and nothing reads it: ${meant ? `did you mean ${meant}?` : `known are ${holdfastSettings.join(', ')}`}`;
  });
}

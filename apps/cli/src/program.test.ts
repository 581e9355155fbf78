import { describe, expect, it } from '@jest/globals';
import type { Command } from 'commander';
import { readConfig } from './config.ts';
import { exitCodeFor } from './output/failures.ts';
import { createProgram } from './program.ts';

// cspell:ignore inptu revok runing stauts verison

/** Runs a command line that must end before anything is sent. @returns its exit code and stderr */
async function misuse(args: string[]): Promise<{ code: number; said: string }> {
  let said = '';
  const listen = (command: Command) => {
    command.configureOutput({
      writeErr: (text) => {
        said += text;
      },
    });
    for (const each of command.commands) listen(each);
  };
  const program = createProgram(readConfig({ HOLDFAST_API_KEY: 'k', HOLDFAST_ADMIN_KEY: 'k' }));
  listen(program);
  const error = await program.parseAsync(args, { from: 'user' }).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  return { code: exitCodeFor(error), said };
}

describe('a typo', () => {
  it.each([
    [['lst'], "unknown command 'lst'", 'list'],
    [['tenant', 'list'], "unknown command 'tenant'", 'tenants'],
    [['jobs', 'lst'], "unknown command 'lst'", 'list'],
    [['keys', 'revok', 'acme', 'k'], "unknown command 'revok'", 'revoke'],
    [['list', '--stauts', 'failed'], "unknown option '--stauts'", '--status'],
    [['list', '--stauts=failed'], "unknown option '--stauts'", '--status'],
    [['list', '--jsn'], "unknown option '--jsn'", '--json'],
    [['--verison'], "unknown option '--verison'", '--version'],
    [['lanes', 'limit', 'default', '--max-runing=2'], "unknown option '--max-runing'", '--max-running'],
    // Before what is missing without it.
    [['submit', 't', '--inptu', '{}'], "unknown option '--inptu'", '--input'],
    [['keys', 'create', 'acme', '--scop', 'read'], "unknown option '--scop'", '--scope'],
  ])('in %j is named with the nearest word that exists', async (args, what, nearest) => {
    expect(await misuse(args)).toEqual({
      code: 2,
      said: `error: ${what}\n(Did you mean ${nearest}?)\n(--help says more)\n`,
    });
  });
});

describe('wrong usage', () => {
  it.each([
    [['tenants', 'set', 'acme'], /set --plan, limits/],
    [['tenants', 'set', 'acme', '--max-running', '0'], /--max-running <n>.*expected number to be >=1/],
    [['tenants', 'set', 'acme', '--weight', ''], /--weight <n>.*Expected a number/],
    [['tenants', 'set', 'acme', '--budget-day', 'lots'], /--budget-day <usd>.*Expected a number/],
    [['tenants', 'set', 'acme', '--plan', 'small', '--weight', '2'], /cannot be used with/],
    [['tenants', 'set', 'acme', '--plan', 'small', '--no-limits'], /cannot be used with/],
    [['tenants', 'set', 'acme', '--weight', '2', '--no-limits'], /cannot be used with/],
    [['keys', 'create', 'acme'], /--scope <scope>.* not specified/],
    [['keys', 'create', 'acme', '--scope', 'all'], /Expected one of submit, read, admin\./],
    [['keys', 'rotate', 'acme', 'k', '--grace', '1h'], /whole number of seconds/],
    [['lanes', 'limit', 'default'], /set limits such as --max-running, or --reset/],
    [['lanes', 'limit', 'default', '--reset', '--max-running', '2'], /set limits such as --max-running, or --reset/],
    [['submit', 'chat.completions'], /--input <json>.* not specified/],
    [
      ['submit', 't', '--input', '{}', '--metadata', 'order'],
      /--metadata <name=value>.*Expected a pair such as order=42/,
    ],
    [['submit', 't', '--input', '{}', '--priority', '101'], /--priority <n>.*<=100/],
    [['submit', 't', '--input', '{}', '--delay', '1e99'], /--delay <ms>.*is invalid/],
    [['submit', 't', '--input', '{}', '--deadline', '1h'], /--deadline <ms>.*Expected a number/],
    [['submit', 't', '--input', '{}', '--cache', '0'], /--cache <seconds>.*>=1/],
    [['submit', 't', '--input', '{}', '--on-ambiguous', 'hope'], /Allowed choices are retry, fail/],
    [['delete'], /missing required argument 'id'/],
    [['list', '--status', 'done'], /Allowed choices are queued, running/],
    [['list', '--metadata', 'order'], /Expected a pair such as order=42/],
    [['list', '--limit', '101'], /from 1 to 100/],
    [
      ['list', '--url', 'api:3000'],
      /'--url <url>' .*It has no scheme; write https:\/\/api:3000 \(or http:\/\/api:3000\)\./,
    ],
    [
      ['list', '--console-url', 'redis://127.0.0.1'],
      /It begins with "redis:"; write an address that begins with http:/,
    ],
    [['get'], /missing required argument 'id'/],
    [['job'], /unknown command 'job'/],
    [['jobs'], /Usage: holdfast jobs/],
    // As a variable of the shell that isn't set: it must not mean all tenants.
    [['jobs', 'delete', '--tenant', '', '--status', 'completed', '--yes'], /--tenant <tenant>.*It is empty/],
    [['jobs', 'cancel'], /name jobs, or set filters such as --tenant, and not both/],
    [['jobs', 'cancel', 'job_1', '--task', 't'], /name jobs, or set filters such as --tenant, and not both/],
    [['jobs', 'list', '--since', 'yesterday'], /Expected a time ago such as 90m/],
    [['jobs', 'list', '--limit', '201'], /--limit <n>.*<=200/],
    [['jobs', 'list', '--all', '--limit', '5'], /cannot be used with/],
    [['tenants'], /Usage: holdfast tenants/],
  ])('%j ends with 2 and names what is wrong', async (args, message) => {
    const { code, said } = await misuse(args);
    expect(code).toBe(2);
    expect(said).toMatch(message);
  });
});

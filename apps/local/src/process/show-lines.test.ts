import { describe, expect, it } from '@jest/globals';
import { showLines } from './show-lines.ts';

// cspell:ignore pinos

function shown(line: string, showAll = false): string[] {
  const lines: string[] = [];
  showLines('api', (text) => lines.push(text), showAll)(line);
  return lines;
}

const entry = (level: number | string) =>
  JSON.stringify({ level, time: 1, pid: 2, hostname: 'h', msg: 'store is slow', job: 'job_1', took_ms: 12 });

describe('showLines', () => {
  it('shows warnings and errors in one short line under the name of the service', () => {
    expect(shown(entry(40))).toEqual(['api       │ WARN store is slow job=job_1 took_ms=12']);
    expect(shown(entry('error'))).toEqual(['api       │ ERROR store is slow job=job_1 took_ms=12']);
  });

  it('hides entries below a warning, unless all are wanted', () => {
    expect(shown(entry(30))).toEqual([]);
    expect(shown(entry(30), true)).toEqual(['api       │ INFO store is slow job=job_1 took_ms=12']);
  });

  it('shows entries of tasks from level info, with the id of their job', () => {
    const said = (level: string) => JSON.stringify({ level, name: 'worker', msg: 'x', jobId: 'job_1', task: 'triage' });
    expect(shown(said('info'))).toEqual(['api       │ INFO x task=triage jobId=job_1']);
    expect(shown(said('debug'))).toEqual([]);
    expect(shown(said('debug'), true)).toEqual(['api       │ DEBUG x task=triage jobId=job_1']);
  });

  it('shows what caused an error', () => {
    const cause = { type: 'Error', code: 'ECONNREFUSED', message: 'refused', at: ['y (b.ts:2)'] };
    const thrown = { type: 'TypeError', message: 'fetch failed', at: ['x (a.ts:1)'], cause };
    expect(shown(JSON.stringify({ level: 'error', msg: 'task failed', thrown }))).toEqual([
      'api       │ ERROR task failed thrown=TypeError: fetch failed\n    at x (a.ts:1)\n    caused by Error ECONNREFUSED: refused\n    at y (b.ts:2)',
    ]);
  });

  it('shows an error with its place, or with its stack', () => {
    const ours = { type: 'TypeError', code: 'E1', message: 'no', at: ['x (a.ts:1)', 'y (b.ts:2)'] };
    expect(shown(JSON.stringify({ level: 'error', msg: 'failed', error: ours }))).toEqual([
      'api       │ ERROR failed error=TypeError E1: no\n    at x (a.ts:1)\n    at y (b.ts:2)',
    ]);
    const pinos = { type: 'Error', message: 'no', stack: 'Error: no\n  at x' };
    expect(shown(JSON.stringify({ level: 50, msg: 'failed', err: pinos }))).toEqual([
      'api       │ ERROR failed err=Error: no\n  at x',
    ]);
  });

  it('gives an entry without a level the level info', () => {
    expect(shown('{"msg":"listening"}')).toEqual([]);
    expect(shown('{"msg":"listening"}', true)).toEqual(['api       │ INFO listening']);
  });

  it.each(['TypeError: x is not a function', '{ not json', '{"level":"odd"}', '[1]', ''])(
    'shows %j as it is',
    (line) => {
      expect(shown(line)).toEqual([`api       │ ${line}`]);
    },
  );
});

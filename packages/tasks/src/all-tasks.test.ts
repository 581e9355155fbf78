import type { Lanes } from '@holdfast/core';
import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { allTasks, byName, checkModels } from './all-tasks.ts';
import { builtInTasks } from './built-in-tasks.ts';
import { defineTask } from './define-task.ts';
import { exampleTasks } from './examples/index.ts';
import { modelOf } from './task.ts';

describe('all tasks', () => {
  it('have the models that they name, or the config file does; the built-in ones that of their input', () => {
    const tasks = allTasks(exampleTasks, { summarize: { model: 'large' } });
    const models = [...tasks.values()].map((task) => [task.name, modelOf(task, { model: 'asked' })]);
    expect(Object.fromEntries(models)).toMatchObject({ summarize: 'large', chat: 'gpt-5-mini', responses: 'asked' });
    expect(modelOf([...allTasks(exampleTasks).values()].at(-1) ?? never(), {})).toBe('gpt-5-mini');
  });

  it.each([
    ['nothing', /tasks\.nothing: no such task/],
    ['responses', /tasks\.responses: its input names the model/],
  ])('can not be set where there is no model to set: %s', (name, message) => {
    expect(() => allTasks(exampleTasks, { [name]: { model: 'm' } })).toThrow(message);
  });

  it('have names that fit into URLs, logs and keys', () => {
    const definition = { summary: 's', model: 'm', input: z.object({}), run: async () => null };
    expect(() => defineTask({ ...definition, name: 'no spaces' })).toThrow(RangeError);
  });
});

describe('two tasks of one name', () => {
  const define = (name: string) =>
    defineTask({ name, summary: 's', model: 'm', input: z.object({}), run: async () => null });
  const here = 'packages/tasks/src/all-tasks\\.test\\.ts:\\d+';

  it('are refused, with the places that define them', () => {
    const other = defineTask({ name: 'one', summary: 's', model: 'm', input: z.object({}), run: async () => null });
    expect(() => byName([define('one'), define('two'), other])).toThrow(
      new RegExp(`^Two tasks are named "one": ${here} and ${here}\\. Rename one, or remove it\\.$`),
    );
    const [first, second] = [define('one').place, other.place];
    expect(first).not.toBe(second);
  });

  it('are refused where one is built in, or the same is listed twice', () => {
    const mine = define('responses');
    expect(() => byName([...builtInTasks.values(), mine])).toThrow(new RegExp(`the built-in one and ${here}\\.`));
    expect(() => byName([mine, mine])).toThrow(new RegExp(`: ${here}, twice\\.`));
  });
});

describe('checkModels', () => {
  const lanesFor = (...models: string[]): Lanes => ({
    only: { models, providers: [], limits: {}, background: false, idempotency_header: false, max_calls: 6 },
  });

  const check = (settings: Record<string, { model: string }>, lanes: Lanes) =>
    checkModels(allTasks(exampleTasks, settings), { tasks: settings, lanes });

  it('has nothing to say where lanes serve the models of all tasks', () => {
    expect(check({}, lanesFor('*'))).toEqual([]);
    expect(check({ chat: { model: 'sim' } }, lanesFor('gpt-*', 'sim'))).toEqual([]);
  });

  it('warns of tasks whose own models no lane serves, and refuses such a model that is named', () => {
    expect(check({ chat: { model: 'sim' } }, lanesFor('sim'))).toEqual([
      expect.stringMatching(/^no lane serves .*: summarize \(gpt-5-mini\), extract \(gpt-5-mini\)$/),
    ]);
    const message = 'tasks.chat.model: expected a model that a lane serves; got "gpt-5"';
    expect(() => check({ chat: { model: 'gpt-5' } }, lanesFor('sim'))).toThrow(message);
  });
});

function never(): never {
  throw new Error('there are tasks');
}

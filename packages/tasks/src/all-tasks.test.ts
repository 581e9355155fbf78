import type { Lanes } from '@holdfast/core';
import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { allTasks, checkTasks } from './all-tasks.ts';
import { defineTask } from './define-task.ts';
import { modelOf } from './task.ts';

describe('all tasks', () => {
  it('have the models that they name, or the config file does; the built-in ones that of their input', () => {
    const tasks = allTasks({ summarize: { model: 'large' } });
    const models = [...tasks.values()].map((task) => [task.name, modelOf(task, { model: 'asked' })]);
    expect(Object.fromEntries(models)).toMatchObject({ summarize: 'large', chat: 'gpt-5-mini', responses: 'asked' });
    expect(modelOf([...allTasks({}).values()].at(-1) ?? never(), {})).toBe('gpt-5-mini');
  });

  it.each([
    ['nothing', /tasks\.nothing: no such task/],
    ['responses', /tasks\.responses: its input names the model/],
  ])('can not be set where there is no model to set: %s', (name, message) => {
    expect(() => allTasks({ [name]: { model: 'm' } })).toThrow(message);
  });

  it('have names that fit into URLs, logs and keys', () => {
    const definition = { summary: 's', model: 'm', input: z.object({}), run: async () => null };
    expect(() => defineTask({ ...definition, name: 'no spaces' })).toThrow(RangeError);
  });
});

describe('checkTasks', () => {
  const lanesFor = (...models: string[]): Lanes => ({
    only: { models, providers: [], limits: {}, background: false, idempotency_header: false, max_calls: 6 },
  });

  it('has nothing to say where lanes serve the models of all tasks', () => {
    expect(checkTasks({ tasks: {}, lanes: lanesFor('*') })).toEqual([]);
    expect(checkTasks({ tasks: { chat: { model: 'sim' } }, lanes: lanesFor('gpt-*', 'sim') })).toEqual([]);
  });

  it('warns of tasks whose own models no lane serves, and refuses such a model that is named', () => {
    expect(checkTasks({ tasks: { chat: { model: 'sim' } }, lanes: lanesFor('sim') })).toEqual([
      expect.stringMatching(/^no lane serves .*: summarize \(gpt-5-mini\), extract \(gpt-5-mini\)$/),
    ]);
    const named = { tasks: { chat: { model: 'gpt-5' } }, lanes: lanesFor('sim') };
    expect(() => checkTasks(named)).toThrow('tasks.chat.model: expected a model that a lane serves; got "gpt-5"');
  });

  it('refuses tasks that are not there', () => {
    expect(() => checkTasks({ tasks: { nothing: { model: 'm' } }, lanes: lanesFor('*') })).toThrow(/no such task/);
  });
});

function never(): never {
  throw new Error('there are tasks');
}

/**
 * The tasks that a module exports: as its default, by name, or in arrays and objects of tasks. Other exports, such as a schema
 * or a function, are nobody's business, but what was surely meant as a task is called a fault.
 */
import { isModuleNamespaceObject } from 'node:util/types';
import { isTask, type Task } from '../task.ts';

export interface FoundTasks {
  tasks: readonly Task[];
  /** What is wrong, and what to do, each in a sentence. */
  faults: readonly string[];
}

export function tasksInExports(exports: unknown): FoundTasks {
  const members = membersOf(exports);
  const found = members.map(([name, value]) => tasksInExport(name, value));
  const tasks = found.flatMap((each) => each.tasks);
  const faults = found.flatMap((each) => each.faults);
  if (tasks.length > 0 || faults.length > 0) return { tasks, faults };
  return { tasks, faults: ['it exports no task. Export what `defineTask` returns.'] };
}

function membersOf(exports: unknown): [string, unknown][] {
  // CommonJS: `module.exports` may be a task, or an array.
  if (isTask(exports) || Array.isArray(exports)) return [['default', exports]];
  const isObject = typeof exports === 'object' && exports !== null;
  if (!isObject) return [['default', exports]];
  const members = Object.entries(exports);
  // What Node adds of a CommonJS module.
  return isModuleNamespaceObject(exports) ? members.filter(([name]) => name !== 'module.exports') : members;
}

function tasksInExport(name: string, value: unknown): FoundTasks {
  if (isTask(value)) return { tasks: [value], faults: [] };
  const what = name === 'default' ? 'its default export' : `its export "${name}"`;
  if (looksLikeTask(value)) {
    return { tasks: [], faults: [`${what} is not a task. Wrap it: \`defineTask({ … })\`.`] };
  }
  const values = plainValuesOf(value);
  const others = values.filter(([, member]) => !isTask(member));
  const tasks = values.flatMap(([, member]) => (isTask(member) ? [member] : []));
  const isMeant = tasks.length > 0 || name === 'default' || others.some(([, member]) => looksLikeTask(member));
  if (!isMeant) return { tasks: [], faults: [] };
  if (values.length === 0) return { tasks, faults: [`${what} is not a task. Export what \`defineTask\` returns.`] };
  const strangers = others.map(([member]) => `${what} has a member that is not a task: ${member}.`);
  return { tasks, faults: strangers };
}

/** A definition that nobody gave to `defineTask`. */
function looksLikeTask(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || isTask(value)) return false;
  const { run, name, input } = value as Record<string, unknown>;
  return typeof run === 'function' && typeof name === 'string' && input !== undefined;
}

/** Of an array, or of a plain object; of anything else, none. */
function plainValuesOf(value: unknown): [string, unknown][] {
  if (Array.isArray(value)) return value.map((member, at) => [`[${at}]`, member]);
  if (typeof value !== 'object' || value === null) return [];
  // Of whatever realm: the prototype of a plain object has none itself.
  const prototype: unknown = Object.getPrototypeOf(value);
  const isPlain = prototype === null || Object.getPrototypeOf(prototype) === null;
  return isPlain ? Object.entries(value) : [];
}

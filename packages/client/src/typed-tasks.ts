/**
 * The types of a server's tasks: `new Holdfast<typeof tasks>(…)`, with `import type * as tasks` from the server's task files. They
 * export a module, a list or an object of tasks. Only types are imported.
 *
 * A client without them accepts any task and any input.
 */
import type { Job, JsonObject, JsonValue, SubmitRequest, TaskTypes } from '@holdfast/core';

/** The types of the built-in tasks, which pass their input on as it is. */
interface PassedOn {
  input: JsonObject;
  output: JsonValue;
}

type BuiltIn = Record<'responses' | 'chat.completions' | 'embeddings', PassedOn>;

/** Tasks among the values of `Tasks`, and in the lists and objects among these. Other values don't count. */
type TaskIn<Value> = Value extends TaskTypes & { run: unknown }
  ? Value
  : Value extends readonly (infer Member)[]
    ? Extract<Member, TaskTypes & { run: unknown }>
    : Value extends object
      ? Extract<Value[keyof Value], TaskTypes & { run: unknown }>
      : never;

type AllTasksIn<Tasks> = Tasks extends readonly (infer Member)[] ? TaskIn<Member> : TaskIn<Tasks[keyof Tasks]>;

type TypesOf<Task> =
  Task extends TaskTypes<string, infer Input, infer Output> ? { input: Input; output: Output } : PassedOn;

/** Input and output of each task, by its name. */
export type TaskTable<Tasks> = unknown extends Tasks
  ? Record<string, PassedOn>
  : BuiltIn & { [Task in AllTasksIn<Tasks> as Task['name']]: TypesOf<Task> };

export type TaskName<Tasks> = keyof TaskTable<Tasks> & string;
export type TaskInput<Tasks, Name extends TaskName<Tasks>> = TaskTable<Tasks>[Name] extends { input: infer Input }
  ? Input
  : never;
export type TaskOutput<Tasks, Name extends TaskName<Tasks>> = TaskTable<Tasks>[Name] extends { output: infer Output }
  ? Output
  : never;

/** The body of a submit, with the task's input. */
export type SubmitRequestOf<Tasks, Name extends TaskName<Tasks>> = Omit<SubmitRequest, 'task' | 'input'> & {
  task: Name;
  input: TaskInput<Tasks, Name>;
};

/** The id of a job whose output TypeScript knows. At run time it is a string. */
export type JobId<Output = unknown> = string & { readonly '~output'?: Output };

/** A job whose output TypeScript knows. `output` is null until the job has completed, and for a key without the scope `read`. */
export type JobOf<Output> = Omit<Job, 'id' | 'output'> & { id: JobId<Output>; output: Output | null };

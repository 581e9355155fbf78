import { CodedError } from '@holdfast/core';

/** One thing that is wrong with the task files. */
export interface TaskFileFault {
  /** `task_files.0` of the config file, or file and line of a module. */
  place: string;
  /** What is wrong, and what to do. */
  message: string;
}

/** Why a process that runs tasks can't start: every fault on a line of its own, each with its place. */
export class TaskFilesError extends CodedError<'task_files'> {
  /** The modules of the user's own that were looked at, absolute: a change in one of these may mend it. */
  readonly files: readonly string[];

  /** @param configFile as people name it */
  constructor(configFile: string, faults: readonly TaskFileFault[], files: readonly string[]) {
    // Several tasks may import the module that is at fault.
    const lines = new Set(faults.map(({ place, message }) => `  ${place}: ${message}`));
    super('task_files', `The tasks that ${configFile} names can't be loaded:\n${[...lines].join('\n')}`);
    this.files = files;
  }
}

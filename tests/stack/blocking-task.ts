/** A task of one's own that blocks its worker's event loop, as a long computation does. Config files name it. */
import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { defineTask } from '@holdfast/tasks';
import { z } from 'zod';

const sleeper = new Int32Array(new SharedArrayBuffer(4));

export const block = defineTask({
  name: 'block',
  summary: 'Blocks, once a file is there.',
  model: 'sim',
  input: z.strictObject({ file: z.string(), ms: z.number().nullable() }),
  async run({ file, ms }) {
    while (!existsSync(file)) await delay(20);
    const end = ms === null ? Number.POSITIVE_INFINITY : performance.now() + ms;
    // It sleeps with the loop blocked, in slices, between which V8 can say where it is: the tests beside it need the core.
    while (performance.now() < end) Atomics.wait(sleeper, 0, 0, 5);
    return { ms };
  },
});

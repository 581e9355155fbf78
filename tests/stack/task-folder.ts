/** A user's directory with tasks, outside of this repository: nothing is installed there. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export class TaskFolder {
  readonly path = realpathSync(mkdtempSync(join(tmpdir(), 'holdfast-own-')));

  /** @returns its absolute path */
  write(name: string, content: string): string {
    const path = join(this.path, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    return path;
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** A module that exports the task `greet`, which says this to a name, then asks the model. */
export const greetModule = (greeting: string, run = '') => `import { defineTask } from '@holdfast/tasks';
import { z } from 'zod';

export const greet = defineTask({
  name: 'greet',
  summary: 'Greets somebody.',
  model: 'sim',
  input: z.strictObject({ name: z.string() }),
  output: z.object({ greeting: z.string(), said: z.string().nullable() }),
  async run({ name }, ctx) {
    const greeting = await ctx.step('greet', () => \`${greeting} \${name}\`);
    ${run}
    return { greeting: \`\${greeting}, by ${greeting}\`, said: null };
  },
});
`;

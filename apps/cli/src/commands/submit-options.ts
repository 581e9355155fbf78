/** Options of a submit, other than task and input. Times are in the units of the API; bounds are core's. */
import { type SubmitRequest, submitRequestSchema } from '@holdfast/core';
import { Option } from 'commander';
import { numberOption, oneMorePair } from './option-parsers.ts';

const { shape } = submitRequestSchema;
const ttl = shape.cache.unwrap().unwrap().shape.ttl_s;

export type SubmitRequestOptions = Pick<SubmitRequest, 'metadata' | 'priority'> & {
  delay?: number;
  deadline?: number;
  /** false: `--no-cache`. */
  cache?: number | false;
  onAmbiguous?: SubmitRequest['on_ambiguous'];
  onProviderSwitch?: SubmitRequest['on_provider_switch'];
};

export const submitRequestOptions = [
  new Option('--metadata <name=value>', 'stored with the job, for lists; can be repeated').argParser(oneMorePair),
  numberOption('--priority <n>', shape.priority),
  numberOption('--delay <ms>', shape.delay_ms),
  numberOption('--deadline <ms>', shape.deadline_ms),
  numberOption(
    '--cache <seconds>',
    ttl,
    'Share the answer of an equal job that runs, or that completed at most this long ago.',
  ),
  new Option('--no-cache', 'share no answer, whatever the task says'),
  choice('--on-ambiguous <what>', shape.on_ambiguous),
  choice('--on-provider-switch <what>', shape.on_provider_switch),
];

function choice(
  flags: string,
  schema: { description?: string | undefined; unwrap(): { options: readonly string[] } },
): Option {
  return new Option(flags, schema.description).choices(schema.unwrap().options);
}

/** A member whose option is left out is undefined. */
export function submitRequestOf(options: SubmitRequestOptions): Omit<SubmitRequest, 'task' | 'input'> {
  const { metadata, priority, cache } = options;
  return {
    metadata,
    priority,
    delay_ms: options.delay,
    deadline_ms: options.deadline,
    cache: typeof cache === 'number' ? { ttl_s: cache } : cache === false ? null : undefined,
    on_ambiguous: options.onAmbiguous,
    on_provider_switch: options.onProviderSwitch,
  };
}

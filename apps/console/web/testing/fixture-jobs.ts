/** Made-up jobs: some of each kind that a page shows differently. */
import type { AdminJob, JobContent, JobDetails, Timeline } from '@holdfast/admin';
import type { JobStatus } from '@holdfast/core';

const now = Date.now();
const ago = (seconds: number) => new Date(now - seconds * 1_000).toISOString();

/** The same numbers each time. */
function randoms(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    return state / 4_294_967_296;
  };
}
export const random = randoms(7);

const tenants = ['acme', 'north', 'harbor', 'umbrella', 'orchard', 'default'];
const tasks = ['chat.completions', 'responses', 'summarize', 'extract', 'embeddings'];
const statuses: JobStatus[] = [
  'completed',
  'completed',
  'completed',
  'failed',
  'running',
  'queued',
  'completed',
  'cancelled',
];
const errors = [
  {
    code: 'provider_rate_limited',
    message: 'The provider answered with status 429: Rate limit reached for requests.',
    retryable: true,
    status: 429,
    provider: 'openai',
  },
  {
    code: 'output_invalid',
    message: 'The answer does not fit the schema: items.0.price: expected number.',
    retryable: false,
  },
  { code: 'provider_timeout', message: 'No first byte within 120 s.', retryable: true, provider: 'azure-eu' },
];
const pick = <Item>(items: readonly Item[], at: number): Item => items[at % items.length] as Item;
const idOf = (at: number) =>
  `job_${'a2b3c4d5e6f7a2b3c4d5e6f7a2b3c'}${String.fromCharCode(97 + (at % 26))}${String.fromCharCode(97 + ((at / 26) % 26))}2`;

function makeJob(at: number): AdminJob {
  const status = pick(statuses, at);
  const created = 20 + at * 47;
  const isRun = status !== 'queued';
  const isOver = isRun && status !== 'running';
  const cost = Math.round(random() * 4_000) / 100_000;
  return {
    id: idOf(at),
    object: 'job',
    tenant: pick(tenants, at * 5 + (at % 3)),
    from: at > 30 ? 'archive' : 'redis',
    task: pick(tasks, at * 3),
    lane: pick(['openai', 'openai', 'azure', 'local'], at),
    status,
    attempt: isRun ? 1 + (at % 3) : 0,
    priority: 0,
    created_at: ago(created),
    due_at: null,
    deadline_at: null,
    started_at: isRun ? ago(created - 2) : null,
    finished_at: isOver ? ago(created - 9) : null,
    retry_at: null,
    cancel_requested_at: null,
    error: status === 'failed' ? pick(errors, at) : null,
    usage: isOver
      ? {
          input_tokens: 420 + at * 7,
          output_tokens: 180 + at * 3,
          cost_usd: cost,
          estimated: at % 5 === 0,
          cached: at % 7 === 0,
        }
      : null,
    provider_calls: isRun ? 1 + (at % 3) : 0,
    ambiguous_calls: 0,
    cursor: 40 + at,
    metadata: { user: `user-${at % 9}`, feature: pick(['search', 'inbox', 'draft'], at) },
  };
}

export const jobs: AdminJob[] = Array.from({ length: 73 }, (_, at) => makeJob(at));

function timelineOf(job: AdminJob): Timeline {
  const start = Date.parse(job.started_at ?? job.created_at);
  const at = (seconds: number) => new Date(start + seconds * 1_000).toISOString();
  const last = job.attempt;
  const attempts = Array.from({ length: last }, (_, index) => {
    const number = index + 1;
    const isLast = number === last;
    const outcome = isLast
      ? job.status === 'queued'
        ? ('retry' as const)
        : (job.status as 'completed' | 'failed' | 'cancelled' | 'running')
      : ('retry' as const);
    return {
      attempt: number,
      worker: 'worker-7f3a',
      started_at: at(index * 2.4),
      ended_at: isLast ? job.finished_at : at(index * 2.4 + 1.4),
      outcome,
      error_code: isLast ? (job.error?.code ?? null) : 'provider_rate_limited',
      retry_at: isLast ? null : at((index + 1) * 2.4),
    };
  });
  const calls = attempts.map((attempt, index) => ({
    attempt: attempt.attempt,
    call: job.task === 'extract' ? 'fields' : '',
    provider: index === 0 && last > 1 ? 'openai' : 'azure-eu',
    model: 'gpt-5-mini',
    started_at: at(index * 2.4 + 0.1),
    ended_at: attempt.ended_at,
    first_token_at: attempt.outcome === 'retry' ? null : at(index * 2.4 + 0.8),
    outcome: attempt.outcome === 'retry' ? ('failed' as const) : (attempt.outcome as 'completed'),
    error_code: attempt.error_code,
    resumed: index === 1,
    input_tokens: attempt.outcome === 'completed' ? 420 : null,
    output_tokens: attempt.outcome === 'completed' ? 180 : null,
    cost_usd: attempt.outcome === 'completed' ? 0.00214 : null,
  }));
  const steps =
    job.task === 'extract' && job.finished_at
      ? [{ step: 'load document', attempt: 1, started_at: at(0.02), ended_at: at(0.09) }]
      : [];
  return { attempts, calls, steps };
}

export function detailsOf(job: AdminJob): JobDetails {
  const isSecond = job.id === jobs[2]?.id;
  return {
    ...job,
    timeline: job.attempt === 0 ? null : timelineOf(job),
    request_id: 'req_6ff3b2d1-7c0e-4b3c-9a53-3a1b9ad7d4f0',
    trace_id: '4bf92f3577b34da6a3ce929d0e0e4736',
    copied_from: job.usage?.cached ? (jobs[0]?.id ?? null) : null,
    rerun_of: isSecond ? (jobs[0]?.id ?? null) : null,
    request_size: 1_840,
    output_size: job.finished_at ? 2_212 : null,
  };
}

const answersText = [
  'An anchor holds because its flukes dig into the ground when the pull is low.\n\nThe chain matters as much as the anchor: its weight keeps the pull near the bottom.',
  'An anchor holds because its flukes dig deep into the sea bed while the pull stays low.\n\nThe chain matters just as much: its weight keeps the pull close to the bottom.',
];

export function contentOf(job: AdminJob): JobContent {
  const text = pick(answersText, job.id === jobs[2]?.id ? 1 : 0);
  const isOver = job.status === 'completed';
  return {
    request: {
      task: job.task,
      input: {
        model: 'gpt-5-mini',
        messages: [
          { role: 'system', content: 'You are a helpful sailor. Answer in two short paragraphs.' },
          { role: 'user', content: 'Why do sailors trust a good anchor? <b>Be brief</b> & kind.' },
        ],
        temperature: 0.2,
      },
      metadata: job.metadata,
    },
    output: isOver
      ? {
          id: 'chatcmpl-1',
          model: 'gpt-5-mini',
          choices: [{ index: 0, message: { role: 'assistant', content: text }, finish_reason: 'stop' }],
          usage: { prompt_tokens: 420, completion_tokens: 180 },
        }
      : null,
    output_text: isOver ? text : null,
    cut: [],
  };
}

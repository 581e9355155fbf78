import { describe, expect, it } from '@jest/globals';
import { builtInTasks } from './built-in-tasks.ts';

const user = { role: 'user', content: 'Hello' };
const least: Record<string, Record<string, unknown>> = {
  'chat.completions': { model: 'sim', messages: [user] },
  responses: { model: 'sim', input: 'Hello' },
  embeddings: { model: 'sim', input: 'Hello' },
};

function check(task: string, change: Record<string, unknown> = {}) {
  const schema = builtInTasks.get(task)?.input;
  if (!schema) throw new Error(`no task ${task}`);
  return schema.safeParse({ ...least[task], ...change });
}

/** Where the refusal points to; fails the test when nothing is refused. */
function refusedAt(task: string, change: Record<string, unknown>): string {
  const { success, error } = check(task, change);
  expect(success).toBe(false);
  return error?.issues[0]?.path.join('.') ?? '';
}

describe('built-in tasks', () => {
  it('pass a request on to the endpoint of their name', () => {
    expect([...builtInTasks.keys()].sort()).toEqual(['chat.completions', 'embeddings', 'responses']);
    for (const [name, task] of builtInTasks) expect(task).toMatchObject({ name, endpoint: name });
  });

  it.each(Object.keys(least))('of %s take the least there can be, as it is', (task) => {
    expect(check(task).data).toEqual(least[task]);
  });

  it.each(Object.keys(least))('of %s pass on what they do not know, as it came', (task) => {
    const own = {
      provider_option: { deep: [{ odd: null }, 1.5, true, 'x'] },
      user: 'u1',
      'x-ray': [],
      stream: true,
      metadata: { case: 'a' },
      temperature: null,
    };
    expect(check(task, own).data).toEqual({ ...least[task], ...own });
  });

  it.each<[string, unknown, string]>([
    ['model', undefined, 'model'],
    ['model', '', 'model'],
    ['model', 5, 'model'],
    ['model', 'm'.repeat(257), 'model'],
    ['temperature', 'hot', 'temperature'],
    ['temperature', 2.1, 'temperature'],
    ['temperature', -0.1, 'temperature'],
    ['top_p', 1.1, 'top_p'],
    ['stream', 'yes', 'stream'],
    ['metadata', { a: 1 }, 'metadata.a'],
    ['metadata', { '': 'x' }, 'metadata.'],
    ['metadata', { a: 'x'.repeat(513) }, 'metadata.a'],
  ])('all refuse %s %j', (member, value, path) => {
    for (const task of Object.keys(least)) expect(refusedAt(task, { [member]: value })).toBe(path);
  });
});

describe('chat.completions', () => {
  it('passes parts, tool calls and members of messages on, as they came', () => {
    const messages = [
      { role: 'developer', content: 'Be brief.', name: 'ops' },
      { role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:,' } }] },
      { role: 'assistant', content: null, tool_calls: [{ id: 'c1', function: { name: 'f', arguments: '{}' } }] },
      { role: 'assistant', refusal: 'no', odd: [{ more: {} }] },
      { role: 'tool', tool_call_id: 'c1', content: '42' },
    ];
    expect(check('chat.completions', { messages }).data).toEqual({ model: 'sim', messages });
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['no messages', { messages: undefined }, 'messages'],
    ['an empty list', { messages: [] }, 'messages'],
    ['text for messages', { messages: 'Hello' }, 'messages'],
    ['more than 10,000 messages', { messages: Array(10_001).fill(user) }, 'messages'],
    ['a message that is text', { messages: [user, 'Hello'] }, 'messages.1'],
    ['an unknown role', { messages: [user, { ...user, role: 'wizard' }] }, 'messages.1.role'],
    ['no role', { messages: [{ content: 'x' }] }, 'messages.0.role'],
    ['content that is a number', { messages: [{ ...user, content: 5 }] }, 'messages.0.content'],
    ['content with a part that is text', { messages: [{ ...user, content: ['x'] }] }, 'messages.0.content'],
    ['a negative token limit', { max_tokens: -1 }, 'max_tokens'],
    ['a token limit of zero', { max_completion_tokens: 0 }, 'max_completion_tokens'],
    ['half a token', { max_tokens: 1.5 }, 'max_tokens'],
    ['no answers', { n: 0 }, 'n'],
    ['129 answers', { n: 129 }, 'n'],
    ['a penalty of 3', { frequency_penalty: 3 }, 'frequency_penalty'],
    ['a penalty of -3', { presence_penalty: -3 }, 'presence_penalty'],
  ])('refuses %s', (_, change, path) => {
    expect(refusedAt('chat.completions', change)).toMatch(new RegExp(`^${path.replaceAll('.', '\\.')}(\\.|$)`));
  });

  it('says which roles there are', () => {
    const { error } = check('chat.completions', { messages: [{ ...user, role: 'wizard' }] });
    expect(error?.issues[0]?.message).toContain('developer, system, user');
  });
});

describe('a limit of the output', () => {
  const limits = [
    ['chat.completions', 'max_tokens'],
    ['chat.completions', 'max_completion_tokens'],
    ['responses', 'max_output_tokens'],
  ] as const;

  it.each(limits)('of %s, %s, may be 10,000,000 tokens', (task, name) => {
    expect(check(task, { [name]: 10_000_000 }).success).toBe(true);
  });

  it.each(limits)('of %s, %s, has to be one that budgets can count with, and says which', (task, name) => {
    for (const value of [9e14, 2 ** 53, 1e308, 10_000_001, 0, -1, 0.5, Number.NaN, '5']) {
      const { error } = check(task, { [name]: value });
      expect(error?.issues[0]).toMatchObject({
        path: [name],
        message: 'expected a whole number of tokens, 1 to 10000000',
      });
    }
  });

  it.each([9e14, 2 ** 53, 1e308, 0, -1, 0.5, '5'])('does not count %p times', (n) => {
    expect(refusedAt('chat.completions', { n })).toBe('n');
  });
});

describe('responses', () => {
  it('needs no input, since a stored prompt may bring it, and takes items as they came', () => {
    expect(check('responses', { input: undefined }).success).toBe(true);
    const input = [
      { role: 'user', content: [{ type: 'input_text', text: 'x' }] },
      { type: 'item_reference', id: 'i' },
    ];
    expect(check('responses', { input }).data).toEqual({ model: 'sim', input });
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['a number as input', { input: 5 }, 'input'],
    ['no items', { input: [] }, 'input'],
    ['items that are text', { input: ['x'] }, 'input'],
    ['instructions that are no text', { instructions: ['x'] }, 'instructions'],
    ['a token limit of zero', { max_output_tokens: 0 }, 'max_output_tokens'],
    ['a wordy background', { background: 'yes' }, 'background'],
    ['a wordy store', { store: 1 }, 'store'],
  ])('refuses %s', (_, change, path) => {
    expect(refusedAt('responses', change)).toMatch(new RegExp(`^${path}(\\.|$)`));
  });
});

describe('embeddings', () => {
  it.each<[string, unknown]>([
    ['text', 'x'],
    ['texts', ['x', 'y']],
    ['token numbers', [1, 2, 3]],
    ['arrays of token numbers', [[1], [2, 3]]],
    ['2,048 texts', Array(2_048).fill('x')],
  ])('take %s', (_, input) => {
    expect(check('embeddings', { input }).data).toEqual({ model: 'sim', input });
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['no input', { input: undefined }, 'input'],
    ['an empty text', { input: '' }, 'input'],
    ['no texts', { input: [] }, 'input'],
    ['an empty text among others', { input: ['x', ''] }, 'input'],
    ['texts and numbers mixed', { input: ['x', 1] }, 'input'],
    ['a negative token', { input: [-1] }, 'input'],
    ['an empty array of tokens', { input: [[1], []] }, 'input'],
    ['2,049 texts', { input: Array(2_049).fill('x') }, 'input'],
    ['no dimensions', { dimensions: 0 }, 'dimensions'],
    ['another encoding', { encoding_format: 'hex' }, 'encoding_format'],
  ])('refuse %s', (_, change, path) => {
    expect(refusedAt('embeddings', change)).toMatch(new RegExp(`^${path}(\\.|$)`));
  });
});

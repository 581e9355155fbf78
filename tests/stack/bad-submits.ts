/** Bodies of `POST /v1/jobs` that must not become jobs: what is wrong, the body, the code, the field at fault. */
import { gzipSync } from 'node:zlib';
import { chunked } from './raw-http.ts';

// cspell:ignore größe

/** In every prompt: must not turn up in an answer or a log. */
export const marker = 'zq-marker-of-a-prompt';

export interface BadSubmit {
  title: string;
  body?: string | Buffer;
  /** Beside the API key; default: one for JSON. */
  headers?: string[];
  status: number;
  code: string;
  param: string | null;
}

const asJson = ['content-type: application/json'];
const prompt = { role: 'user', content: marker };
const good = { task: 'chat.completions', input: { model: 'sim', messages: [prompt] } };
const goodText = JSON.stringify(good);

/** A good body with other members. */
const body = (changes: object) => JSON.stringify({ ...good, ...changes });
/** A good body with other members of `input`. */
const input = (changes: object, task = 'chat.completions') =>
  JSON.stringify({ task, input: { ...good.input, ...changes } });
/** A good body with JSON text as a member of `input`. */
const withText = (json: string) => goodText.replace('"model"', `${json},"model"`);

const malformed = (title: string, text: string | Buffer): BadSubmit => ({
  title,
  body: text,
  status: 400,
  code: 'malformed_json',
  param: null,
});

const unfit = (param: string | null, ...bodies: [title: string, body: string][]): BadSubmit[] =>
  bodies.map(([title, text]) => ({ title, body: text, status: 422, code: 'validation_failed', param }));

const wrongType = (title: string, ...headers: string[]): BadSubmit => ({
  title,
  body: goodText,
  headers,
  status: 415,
  code: 'unsupported_media_type',
  param: 'Content-Type',
});

const tooLarge = (title: string, text: string | Buffer, ...headers: string[]): BadSubmit => ({
  title,
  body: text,
  headers: [...asJson, ...headers],
  status: 413,
  code: 'body_too_large',
  param: null,
});

const badKey = (title: string, ...values: string[]): BadSubmit => ({
  title: `Idempotency-Key: ${title}`,
  body: goodText,
  headers: [...asJson, ...values.map((value) => `idempotency-key: ${value}`)],
  status: 400,
  code: 'invalid_idempotency_key',
  param: 'Idempotency-Key',
});

const badHttp = (title: string, headers: string[], text: string | Buffer = goodText): BadSubmit => ({
  title,
  body: text,
  headers: [...asJson, ...headers],
  status: 400,
  code: 'malformed_request',
  param: null,
});

const longPrompt = input({ messages: [{ role: 'user', content: `${marker} `.repeat(480_000) }] });
const pairs = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, at) => [`k${at}`, 'v']));
const DAYS_30 = 30 * 86_400_000;

const notJson: BadSubmit[] = [
  malformed('words', `say ${marker}`),
  malformed('JSON that breaks off', goodText.slice(0, -3)),
  malformed('single quotes', "{'task':'chat.completions'}"),
  malformed('NaN', withText('"x":NaN')),
  malformed('two objects', `${goodText}${goodText}`),
  malformed('nothing', ''),
  malformed('null', 'null'),
  malformed('an array', `[${goodText}]`),
  malformed('a text', JSON.stringify(marker)),
  malformed('a number', '1'),
  malformed('bytes that are no UTF-8', Buffer.from(goodText.replace(marker, `${marker}\xff`), 'latin1')),
  malformed('a surrogate written in UTF-8', Buffer.from(goodText.replace(marker, `\xed\xa0\x80`), 'latin1')),
  malformed('UTF-16', Buffer.from(goodText, 'utf16le')),
  malformed('a byte order mark', `\ufeff${goodText}`),
  malformed('a raw line break in a text', goodText.replace(marker, `${marker}\n`)),
  malformed('half a million brackets that stay open', '['.repeat(500_000)),
];

const unholdable: BadSubmit[] = [
  ...unfit(
    'input.messages.0.content',
    ['half of a surrogate pair', goodText.replace(marker, `${marker}\\ud83d`)],
    ['a NUL', goodText.replace(marker, `${marker}\\u0000`)],
  ),
  ...unfit('input', ['a NUL in a name', withText('"x\\u0000":1')]),
  ...unfit('input.x', ['20,000 members', input({ x: pairs(20_000) })]),
  ...unfit('input.messages', ['five million messages', goodText.replace(/\[.*\]/, `[${'1,'.repeat(4_900_000)}1]`)]),
  ...unfit('task', ['a member named twice', `{"task":"embeddings",${goodText.slice(1)}`]),
  ...unfit(
    'input.messages.0.role',
    ['a nested member named twice', goodText.replace('"role"', '"role":"system","role"')],
    ['a member named twice, once with an escape', goodText.replace('"role"', '"rol\\u0065":"system","role"')],
  ),
  ...unfit('__proto__', ['__proto__', `{"__proto__":{"scopes":["submit"]},${goodText.slice(1)}`]),
  ...unfit(
    'input.__proto__',
    ['a nested __proto__', withText('"__proto__":{}')],
    ['__proto__ with an escape', withText('"\\u005f_proto__":{}')],
  ),
  ...unfit('input.constructor', ['constructor.prototype', withText('"constructor":{"prototype":{}}')]),
  ...unfit('input.metadata.__proto__', ['__proto__ in metadata', withText('"metadata":{"__proto__":"x"}')]),
  ...unfit('input.x', ['1e400', withText('"x":1e400')], ['-1e400', withText('"x":-1e400')]),
  ...unfit('input.x', ['2^53+1', withText('"x":9007199254740993')]),
];

/** The field at fault is the 64th level: where the 65th would begin. */
const tooDeep: BadSubmit[] = [
  ...unfit(`0${'.0'.repeat(62)}`, ['half a million brackets', '['.repeat(500_000) + ']'.repeat(500_000)]),
  ...unfit(`input.x${'.0'.repeat(61)}`, [
    'half a million brackets within the input',
    withText(`"x":${'['.repeat(490_000)}${']'.repeat(490_000)}`),
  ]),
  ...unfit(`input.x${'.a'.repeat(61)}`, ['65 objects', withText(`"x":${'{"a":'.repeat(65)}1${'}'.repeat(65)}`)]),
];

const badInput: BadSubmit[] = [
  ...[-1, 0, 1.5, '5', true, 9e14, 1e308, 2 ** 53, 10_000_001].flatMap((value) => [
    ...unfit('input.max_tokens', [`max_tokens ${JSON.stringify(value)}`, input({ max_tokens: value })]),
    ...unfit('input.max_completion_tokens', [
      `max_completion_tokens ${JSON.stringify(value)}`,
      input({ max_completion_tokens: value }),
    ]),
    ...unfit('input.max_output_tokens', [
      `max_output_tokens ${JSON.stringify(value)}`,
      input({ max_output_tokens: value }, 'responses'),
    ]),
  ]),
  ...['hot', 2.1, -0.1].flatMap((value) =>
    unfit('input.temperature', [`temperature ${value}`, input({ temperature: value })]),
  ),
  ...[0, -1, 0.5, '5', 129, 9e14, 1e308].flatMap((value) =>
    unfit('input.n', [`n ${JSON.stringify(value)}`, input({ n: value })]),
  ),
  ...unfit(
    'input.messages',
    ['no messages', input({ messages: [] })],
    ['messages missing', input({ messages: undefined })],
    ['messages as text', input({ messages: marker })],
  ),
  ...unfit(
    'input.messages.1.role',
    ['an unknown role', input({ messages: [prompt, { role: 'wizard', content: marker }] })],
    ['no role', input({ messages: [prompt, { content: marker }] })],
  ),
  ...unfit('input.messages.0', ['null for a message', input({ messages: [null] })]),
  ...unfit('input.messages.0.content', ['a number as content', input({ messages: [{ role: 'user', content: 5 }] })]),
  ...unfit(
    'input.model',
    ['no model', input({ model: undefined })],
    ['an empty model', input({ model: '' })],
    ['a number as model', input({ model: 4 })],
    ['a model of 257 characters', input({ model: 'm'.repeat(257) })],
  ),
  ...unfit(
    'input.input',
    ['embeddings of nothing', input({ input: [] }, 'embeddings')],
    ['embeddings without input', input({}, 'embeddings')],
    ['2,049 embeddings', input({ input: Array.from({ length: 2_049 }, () => marker) }, 'embeddings')],
  ),
  {
    title: 'an unknown model',
    body: input({ model: 'gpt-99' }),
    status: 422,
    code: 'unknown_model',
    param: 'input.model',
  },
  {
    title: 'a wildcard as model',
    body: input({ model: '*' }),
    status: 422,
    code: 'unknown_model',
    param: 'input.model',
  },
];

const badRequest: BadSubmit[] = [
  ...['nope', '__proto__', 'toString', 'chat.completions '].map((task) => ({
    title: `the task "${task}"`,
    body: body({ task }),
    status: 422,
    code: 'unknown_task',
    param: 'task',
  })),
  ...unfit(
    'task',
    ['no task', body({ task: undefined })],
    ['a number as task', body({ task: 5 })],
    ['a task of 129 characters', body({ task: 't'.repeat(129) })],
  ),
  ...unfit(
    'input',
    ['no input', body({ input: undefined })],
    ['null as input', body({ input: null })],
    ['an array as input', body({ input: [good.input] })],
  ),
  ...unfit('color', ['an unknown member', body({ color: marker })]),
  ...unfit('tenant', ['a tenant', body({ tenant: 'acme' })]),
  ...unfit(
    'metadata',
    ['17 pairs of metadata', body({ metadata: pairs(17) })],
    ['an array as metadata', body({ metadata: [] })],
    ['null as metadata', body({ metadata: null })],
  ),
  ...unfit(
    'metadata.a',
    ['metadata of 513 characters', body({ metadata: { a: 'x'.repeat(513) } })],
    ['a number in metadata', body({ metadata: { a: 1 } })],
    ['an object in metadata', body({ metadata: { a: { b: 'c' } } })],
  ),
  ...unfit(`metadata.${'k'.repeat(65)}`, ['a metadata key of 65', body({ metadata: { ['k'.repeat(65)]: 'x' } })]),
  ...[101, -101, 0.5, '1', null].flatMap((value) =>
    unfit('priority', [`priority ${JSON.stringify(value)}`, body({ priority: value })]),
  ),
  ...[-1, 1.5, DAYS_30 + 1, '1', null].flatMap((value) =>
    unfit('delay_ms', [`delay_ms ${JSON.stringify(value)}`, body({ delay_ms: value })]),
  ),
  ...unfit('delay_ms', ['a delay as long as the deadline', body({ delay_ms: 500, deadline_ms: 500 })]),
  ...[0, -1, 1.5, DAYS_30 + 1, '1', null].flatMap((value) =>
    unfit('deadline_ms', [`deadline_ms ${JSON.stringify(value)}`, body({ deadline_ms: value })]),
  ),
];

const badSize: BadSubmit[] = [
  tooLarge('a prompt of more than 10 MB', longPrompt),
  tooLarge('a prompt of more than 10 MB in chunks', chunked(longPrompt), 'transfer-encoding: chunked'),
  tooLarge('six million messages', goodText.replace(/\[.*\]/, `[${'1,'.repeat(6_000_000)}1]`)),
  tooLarge('a Content-Length of 10 GB', goodText, 'content-length: 10000000000'),
  badHttp('a Content-Length that is too small', ['content-length: 40']),
  badHttp('a negative Content-Length', ['content-length: -1']),
  badHttp('a Content-Length in words', ['content-length: many']),
  badHttp('two Content-Lengths', ['content-length: 10', 'content-length: 20']),
  badHttp('a Content-Length and chunks', ['content-length: 5', 'transfer-encoding: chunked'], chunked(goodText)),
  badHttp('chunks of no size', ['transfer-encoding: chunked'], `zz\r\n${marker}\r\n0\r\n\r\n`),
  ...['gzip', 'br', 'deflate'].map((encoding) => ({
    title: `a compressed body (${encoding})`,
    body: gzipSync(Buffer.alloc(50_000_000, ' ')),
    headers: [...asJson, `content-encoding: ${encoding}`],
    status: 415,
    code: 'unsupported_media_type',
    param: 'Content-Encoding',
  })),
];

const badHeaders: BadSubmit[] = [
  wrongType('no Content-Type'),
  wrongType('text/plain', 'content-type: text/plain'),
  wrongType('a form', 'content-type: application/x-www-form-urlencoded'),
  wrongType('a type that only begins like JSON', 'content-type: application/jsonp'),
  badKey('nothing', ''),
  badKey('spaces', '   '),
  badKey('an empty text in quotes', '""'),
  badKey('256 characters', 'k'.repeat(256)),
  badKey('256 characters in quotes', `"${'k'.repeat(256)}"`),
  badKey('an emoji', 'order-🔥'),
  badKey('an umlaut', 'größe'),
  badKey('a tab', 'a\tb'),
  badKey('quotes that do not close', '"abc'),
  badKey('text after the quotes', '"abc" def'),
  badKey('an unknown escape', '"a\\nb"'),
  badKey('there twice', 'one', 'two'),
  badKey('there twice with the same', 'one', 'one'),
  badHttp('Idempotency-Key: a line break', ['idempotency-key: a\nb']),
  badHttp('Idempotency-Key: a carriage return', ['idempotency-key: a\rb']),
  badHttp('Idempotency-Key: a NUL', ['idempotency-key: a\0b']),
];

export const badSubmits: BadSubmit[] = [
  ...notJson,
  ...unholdable,
  ...tooDeep,
  ...badInput,
  ...badRequest,
  ...badSize,
  ...badHeaders,
].map((row) => ({ headers: asJson, ...row }));

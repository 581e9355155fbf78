/**
 * Rewrites a provider's ids for a follower: new ones in the same places, of the same kind and length. The same id becomes
 * the same new one in every event of a job and in every attempt, because it is a digest of job and id.
 *
 * What the job's own request names (such as `previous_response_id`) stays as it is.
 */
import { createHash } from 'node:crypto';
import { isJsonObject, type JsonValue } from '@holdfast/core';

/** Members that hold ids of what the provider has made. */
const ID_MEMBERS: ReadonlySet<string> = new Set([
  'id',
  '_request_id',
  'request_id',
  'response_id',
  'item_id',
  'message_id',
  'call_id',
  'tool_call_id',
]);

/** As in `chatcmpl-`, `resp_`. */
const KIND = /^[A-Za-z]{1,16}[-_]/;

export class IdRewriter {
  readonly #seed: string;
  readonly #request: string;
  readonly #known = new Map<string, string>();

  /** @param seed of the job alone; @param request its own, as JSON */
  constructor(seed: string, request: string) {
    this.#seed = seed;
    this.#request = request;
  }

  /** @returns the same value with new ids */
  rewrite<Value extends JsonValue>(value: Value): Value {
    return this.#walk(value, false) as Value;
  }

  #walk(value: JsonValue, isId: boolean): JsonValue {
    if (typeof value === 'string') return isId ? this.#newId(value) : (this.#known.get(value) ?? value);
    if (Array.isArray(value)) return value.map((entry) => this.#walk(entry, false));
    if (!isJsonObject(value)) return value;
    const members = Object.entries(value).map(([name, held]) => [name, this.#walk(held, ID_MEMBERS.has(name))]);
    return Object.fromEntries(members);
  }

  #newId(id: string): string {
    const known = this.#known.get(id);
    if (known !== undefined) return known;
    const isOwn = id === '' || this.#request.includes(JSON.stringify(id));
    const made = isOwn ? id : this.#make(id);
    this.#known.set(id, made);
    return made;
  }

  #make(id: string): string {
    const [kind = ''] = KIND.exec(id) ?? [];
    const digest = createHash('sha512').update(`${this.#seed}:${id}`).digest('hex');
    // Short ones too are long enough to differ from one another.
    return kind + digest.slice(0, Math.min(128, Math.max(16, id.length - kind.length)));
  }
}

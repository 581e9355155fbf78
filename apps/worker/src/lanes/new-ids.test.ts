import { describe, expect, it } from '@jest/globals';
import { NewIds } from './new-ids.ts';

const request = '{"input":{"previous_response_id":"resp_mine","metadata":{"id":"ours"}}}';
const chunk = { id: 'chatcmpl-0123456789abcdef', choices: [{ delta: { tool_calls: [{ id: 'call_x1' }] } }] };

describe('new ids', () => {
  it('are of the same kind, the same wherever an id comes again, and tell nothing of the old one', () => {
    const ids = new NewIds('job_a:1', request);
    const first = ids.in(chunk);
    expect(first.id).toMatch(/^chatcmpl-[0-9a-f]{16}$/);
    expect(first.choices[0]?.delta.tool_calls[0]?.id).toMatch(/^call_[0-9a-f]{16}$/);
    expect(ids.in({ item_id: chunk.id, seen: chunk.id })).toEqual({ item_id: first.id, seen: first.id });
    expect(JSON.stringify(first)).not.toMatch(/0123456789abcdef|call_x1/);
  });

  it('are the same in every attempt of a job, and others in another job', () => {
    expect(new NewIds('job_a:1', request).in(chunk)).toEqual(new NewIds('job_a:1', request).in(chunk));
    expect(new NewIds('job_b:1', request).in(chunk).id).not.toBe(new NewIds('job_a:1', request).in(chunk).id);
  });

  it('leave alone what the request itself names, and what is no id', () => {
    const value = { previous_response_id: 'resp_mine', id: 'ours', text: 'id', model: 'sim', index: 0, id_: null };
    expect(new NewIds('job_a:1', request).in(value)).toEqual(value);
  });
});

import { describe, expect, it } from '@jest/globals';
import { IdRewriter } from './rewrite-ids.ts';

const request = '{"input":{"previous_response_id":"resp_mine","metadata":{"id":"ours"}}}';
const chunk = { id: 'chatcmpl-0123456789abcdef', choices: [{ delta: { tool_calls: [{ id: 'call_x1' }] } }] };

describe('new ids', () => {
  it('are of the same kind, the same wherever an id comes again, and tell nothing of the old one', () => {
    const ids = new IdRewriter('job_a:1', request);
    const first = ids.rewrite(chunk);
    expect(first.id).toMatch(/^chatcmpl-[0-9a-f]{16}$/);
    expect(first.choices[0]?.delta.tool_calls[0]?.id).toMatch(/^call_[0-9a-f]{16}$/);
    expect(ids.rewrite({ item_id: chunk.id, seen: chunk.id })).toEqual({ item_id: first.id, seen: first.id });
    expect(JSON.stringify(first)).not.toMatch(/0123456789abcdef|call_x1/);
  });

  it('are the same in every attempt of a job, and others in another job', () => {
    expect(new IdRewriter('job_a:1', request).rewrite(chunk)).toEqual(
      new IdRewriter('job_a:1', request).rewrite(chunk),
    );
    expect(new IdRewriter('job_b:1', request).rewrite(chunk).id).not.toBe(
      new IdRewriter('job_a:1', request).rewrite(chunk).id,
    );
  });

  it('leave alone what the request itself names, and what is no id', () => {
    const value = { previous_response_id: 'resp_mine', id: 'ours', text: 'id', model: 'sim', index: 0, id_: null };
    expect(new IdRewriter('job_a:1', request).rewrite(value)).toEqual(value);
  });
});

import { describe, expect, it } from '@jest/globals';
import { describeThrown, messageOf } from './describe-thrown.ts';

function thrownBy(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

function readPrice(): number {
  throw new RangeError('no price in "12,50 EUR"');
}

describe('what an author is told of an error', () => {
  it('is its name, its message, and the frame that threw it, first', () => {
    const described = describeThrown(thrownBy(readPrice));
    expect(described).toMatchObject({ type: 'RangeError', message: 'no price in "12,50 EUR"' });
    expect(described.at[0]).toMatch(/^readPrice \(.*describe-thrown\.test\.ts:\d+:\d+\)$/);
    expect(described.at.join()).not.toContain('node:');
  });

  it('holds what JSON.parse said, and where that was called', () => {
    const described = describeThrown(thrownBy(() => JSON.parse('{"a": nothing}')));
    expect(described).toMatchObject({ type: 'SyntaxError', message: expect.stringContaining('not valid JSON') });
    expect(described.at.join()).toContain('describe-thrown.test.ts');
  });

  it('takes no line of a message for a frame', () => {
    const { at } = describeThrown(new Error('first\n    at nowhere (x.ts:1:1)\nlast'));
    expect(at.join()).not.toContain('nowhere');
    expect(at[0]).toContain('describe-thrown.test.ts');
  });

  it('names causes, which often know more: of a fetch that failed, why', async () => {
    const failed: unknown = await fetch('http://127.0.0.1:1/').catch((error: unknown) => error);
    expect(describeThrown(failed)).toMatchObject({ type: 'TypeError', cause: { message: expect.any(String) } });
    const circular = new Error('a');
    circular.cause = circular;
    expect(JSON.stringify(describeThrown(circular)).match(/"cause"/g)).toHaveLength(3);
    const any = describeThrown(new AggregateError([new Error('the first')], 'all failed'));
    expect(any.cause?.message).toBe('the first');
  });

  it.each<[unknown, string, string]>([
    ['a text', 'string', 'a text'],
    [{ status: 404 }, 'object', '{"status":404}'],
    [undefined, 'undefined', 'undefined'],
    [5n, 'bigint', '5'],
  ])('says what %p was, which is no Error', (thrown, type, message) => {
    expect(describeThrown(thrown)).toEqual({ type, message, at: [] });
  });

  it('is bounded', () => {
    expect(messageOf(new Error('x'.repeat(10_000)))).toHaveLength(1_000);
    const deep = (depth: number): never => (depth === 0 ? readPrice() : deep(depth - 1)) as never;
    expect(describeThrown(thrownBy(() => deep(50))).at.length).toBeLessThanOrEqual(10);
  });
});

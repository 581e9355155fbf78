import { describe, expect, it } from '@jest/globals';
import { formatTraceparent, parseTraceparent } from './trace-context.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const spanId = '00f067aa0ba902b7';

describe('a traceparent', () => {
  it('is read and written as the specification has it', () => {
    const text = `00-${traceId}-${spanId}-01`;
    expect(parseTraceparent(text)).toEqual({ traceId, spanId, isSampled: true });
    expect(formatTraceparent({ traceId, spanId, isSampled: true })).toBe(text);
    expect(text).toHaveLength(55);
    expect(parseTraceparent(`00-${traceId}-${spanId}-00`)?.isSampled).toBe(false);
  });

  it('keeps of its flags only whether the trace is sampled', () => {
    expect(parseTraceparent(`00-${traceId}-${spanId}-03`)?.isSampled).toBe(true);
    expect(parseTraceparent(`00-${traceId}-${spanId}-02`)?.isSampled).toBe(false);
  });

  it('of a later version is read as far as it is known', () => {
    expect(parseTraceparent(`01-${traceId}-${spanId}-01-more`)).toEqual({ traceId, spanId, isSampled: true });
  });

  it.each([
    ['missing', undefined],
    ['empty', ''],
    ['of the forbidden version', `ff-${traceId}-${spanId}-01`],
    ['of version 00 with more behind it', `00-${traceId}-${spanId}-01-more`],
    ['without a trace', `00-${'0'.repeat(32)}-${spanId}-01`],
    ['without a span', `00-${traceId}-${'0'.repeat(16)}-01`],
    ['in capitals', `00-${traceId.toUpperCase()}-${spanId}-01`],
    ['too short', `00-${traceId.slice(1)}-${spanId}-01`],
    ['sent twice', `00-${traceId}-${spanId}-01, 00-${traceId}-${spanId}-01`],
    ['with a line break', `00-${traceId}-${spanId}-01\n`],
  ])('that is %s counts as not sent', (_, text) => {
    expect(parseTraceparent(text)).toBeNull();
  });
});

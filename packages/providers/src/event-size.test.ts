import { describe, expect, it } from '@jest/globals';
import { createEventSizeGuard } from './event-size.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

describe('the size guard of events', () => {
  it.each(['\n\n', '\r\n\r\n'])('begins anew after an empty line (%j)', (gap) => {
    const guard = createEventSizeGuard(10);
    expect(guard.exceeds(bytes(`12345${gap}67890${gap}`))).toBe(false);
    for (const byte of `12345678${gap}1234${gap}`) expect(guard.exceeds(bytes(byte))).toBe(false);
  });

  it('refuses a line that never ends, however it is cut', () => {
    const guard = createEventSizeGuard(10);
    expect(guard.exceeds(bytes('1234567'))).toBe(false);
    expect(guard.exceeds(bytes('8901'))).toBe(true);
  });

  it('refuses an event of many short lines, which the parser would keep as well', () => {
    const guard = createEventSizeGuard(10);
    const refused = Array.from({ length: 11 }, () => guard.exceeds(bytes('1\n')));
    expect(refused.at(-1)).toBe(true);
  });

  it('knows whether the last line is whole', () => {
    const guard = createEventSizeGuard(100);
    guard.exceeds(bytes('data: {"a"'));
    expect(guard.isMidway()).toBe(true);
    guard.exceeds(bytes(':1}\n\n'));
    expect(guard.isMidway()).toBe(false);
  });
});

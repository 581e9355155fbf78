import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { OpenStreams } from './open-streams.ts';
import type { SseSink } from './sse-sink.ts';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

function stream() {
  const seen = { beats: 0, stops: 0 };
  const reader = { stop: () => void seen.stops++ };
  const sink = { beat: () => void seen.beats++ } as unknown as SseSink;
  return { seen, reader, sink };
}

describe('open streams', () => {
  it('beat once in the time between two heartbeats, whenever they were opened, on one timer', () => {
    const streams = new OpenStreams({ heartbeatMs: 15_000, stopping: new AbortController().signal });
    const all = Array.from({ length: 40 }, stream);
    for (const { reader, sink } of all) {
      streams.add(reader, sink);
      jest.advanceTimersByTime(700);
    }
    expect(jest.getTimerCount()).toBe(1);
    const before = all.map(({ seen }) => seen.beats);
    jest.advanceTimersByTime(15_000);
    expect(all.map(({ seen }, at) => seen.beats - (before[at] ?? 0))).toEqual(all.map(() => 1));
  });

  it('that are closed send no heartbeats, and the last one stops the timer', () => {
    const streams = new OpenStreams({ heartbeatMs: 15_000, stopping: new AbortController().signal });
    const [one, two] = [stream(), stream()];
    for (const { reader, sink } of [one, two]) streams.add(reader, sink);
    streams.delete(one.reader);
    jest.advanceTimersByTime(15_000);
    expect([one.seen.beats, two.seen.beats]).toEqual([0, 1]);
    streams.delete(two.reader);
    streams.delete(two.reader);
    expect(jest.getTimerCount()).toBe(0);
    streams.add(one.reader, one.sink);
    expect(jest.getTimerCount()).toBe(1);
  });

  it('are let go when the process stops, those that are opened afterwards too', () => {
    const stopping = new AbortController();
    const streams = new OpenStreams({ heartbeatMs: 15_000, stopping: stopping.signal });
    const [one, two] = [stream(), stream()];
    streams.add(one.reader, one.sink);
    stopping.abort();
    streams.add(two.reader, two.sink);
    expect([one.seen.stops, two.seen.stops]).toEqual([1, 1]);
  });
});

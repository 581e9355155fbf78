import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { JobDeadline } from './job-deadline.ts';

afterEach(() => {
  jest.useRealTimers();
});

describe('a job’s deadline', () => {
  it('is told once it has passed, and not after it was cleared', () => {
    jest.useFakeTimers();
    const onPassed = jest.fn();
    const deadline = new JobDeadline(1_000, onPassed);
    const cleared = new JobDeadline(1_000, onPassed);
    cleared.clear();
    jest.advanceTimersByTime(400);
    expect([deadline.hasPassed, deadline.leftMs]).toEqual([false, 600]);
    jest.advanceTimersByTime(600);
    expect(onPassed).toHaveBeenCalledTimes(1);
  });

  it('that has passed is not told: whoever claims the job asks', () => {
    jest.useFakeTimers();
    const onPassed = jest.fn();
    expect(new JobDeadline(0, onPassed).hasPassed).toBe(true);
    jest.runAllTimers();
    expect(onPassed).not.toHaveBeenCalled();
  });

  it('leaves all the time there is where the job has none', () => {
    const deadline = new JobDeadline(null, () => undefined);
    expect([deadline.hasPassed, deadline.leftMs]).toEqual([false, Number.POSITIVE_INFINITY]);
  });

  it('may be later than the longest timer', () => {
    jest.useFakeTimers();
    const onPassed = jest.fn();
    new JobDeadline(2 ** 40, onPassed).clear();
    jest.advanceTimersByTime(10);
    expect(onPassed).not.toHaveBeenCalled();
  });
});

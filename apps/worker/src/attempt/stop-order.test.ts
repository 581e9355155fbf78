import { describe, expect, it } from '@jest/globals';
import { StopOrder } from './stop-order.ts';

describe('StopOrder', () => {
  it('aborts with the first reason and keeps it', () => {
    const order = new StopOrder();
    expect([order.reason, order.signal.aborted]).toEqual([null, false]);
    order.give('cancelled');
    order.give('deadline');
    order.give('overtaken');
    expect([order.reason, order.signal.aborted]).toEqual(['cancelled', true]);
    expect(String(order.signal.reason)).toContain('cancelled');
  });
});

/** Limits that are in force, with those that are not. */
import type { Limits } from '@holdfast/core';
import { Facts, limitAt } from '../../kit/index.ts';
import { limitText, tenantLimits } from './tenant-limits.ts';

export function LimitFacts({ limits }: { limits: Limits }) {
  return <Facts items={tenantLimits.map(({ name, label }) => [label, limitText(name, limitAt(limits, name))])} />;
}

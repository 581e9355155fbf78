/** What is odd about a lane, and so which ones come first. */
import type { Lane } from '@holdfast/admin';

export interface Need {
  tone: 'warn' | 'bad';
  text: string;
}

/** null: all is as it should be. */
export function needOf({ paused, counts, capacity, providers }: Lane): Need | null {
  const failing = providers.filter(({ state }) => state === 'failing');
  if (failing.length > 0 && failing.length === providers.length)
    return { tone: 'bad', text: 'No provider of this lane works: its jobs wait and are tried again.' };
  if (capacity === 0 && counts.waiting + counts.delayed > 0)
    return { tone: 'bad', text: 'No worker takes jobs of this lane. Start a worker.' };
  if (paused) return { tone: 'warn', text: 'Paused: jobs wait until somebody resumes it. Running jobs go on.' };
  if (failing.length > 0)
    return {
      tone: 'warn',
      text: `${failing.map(({ name }) => name).join(', ')} fails. Another provider takes its calls.`,
    };
  return null;
}

const ranks = { bad: 0, warn: 1, fine: 2 };
const rankOf = (lane: Lane) => ranks[needOf(lane)?.tone ?? 'fine'];

/** Equally needy ones by name, so that they don't change places at each look. */
export function inOrderOfNeed(lanes: readonly Lane[]): Lane[] {
  return lanes.toSorted((one, other) => rankOf(one) - rankOf(other) || one.name.localeCompare(other.name, 'en'));
}

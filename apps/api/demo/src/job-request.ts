/** What the form asks for, as a request. The provider's moods are orders to the simulator and reach no other model. */
import type { SubmitRequest } from '/demo/client/index.js';

/** `metadata` takes no longer values; a longer prompt is shown cut after a reload. */
const LONGEST_METADATA = 512;

export const moods = [
  { name: 'calm', label: 'Calm', sim: 'tokens=160&ttft_ms=300&itl_ms=15' },
  { name: 'slow', label: 'Slow: 300 tokens, time to press F5', sim: 'tokens=300&itl_ms=30' },
  { name: 'busy', label: 'Answers 429 twice, then fine', sim: 'tokens=160&itl_ms=15&fail=429,429&retry_after=1' },
  { name: 'cut', label: 'Breaks off once in mid-stream', sim: 'tokens=160&itl_ms=20&fail=cut&cut_after=50' },
] as const;

export function isSimulated(model: string): boolean {
  return model === 'sim' || model.startsWith('sim-');
}

export function requestFor(jobKey: string, prompt: string, model: string, moodName: string): SubmitRequest {
  const mood = moods.find(({ name }) => name === moodName) ?? moods[0];
  // The simulator counts calls per case: without one of its own, a job would find the faults of others used up.
  const orders = isSimulated(model) ? { metadata: { sim: mood.sim, case: jobKey.slice(0, 64) } } : {};
  return {
    task: 'chat.completions',
    input: { model, messages: [{ role: 'user', content: prompt }], ...orders },
    metadata: { prompt: cut(prompt) },
  };
}

function cut(text: string): string {
  if (text.length <= LONGEST_METADATA) return text;
  // Not through the middle of a character: half of one is no valid text.
  return `${text.slice(0, LONGEST_METADATA - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}

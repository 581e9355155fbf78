/** Makes a request from the form. The provider's moods are instructions for the simulator, and are sent to no other model. */
import type { SubmitRequest } from '/demo/client/index.js';

/** The longest value that `metadata` accepts. After a reload a longer prompt is shown shortened. */
const MAX_METADATA = 512;

export const moods = [
  { name: 'calm', label: 'Calm', sim: 'tokens=160&ttft_ms=300&itl_ms=15' },
  { name: 'slow', label: 'Slow: 300 tokens, time to press F5', sim: 'tokens=300&itl_ms=30' },
  { name: 'busy', label: 'Answers 429 twice, then fine', sim: 'tokens=160&itl_ms=15&fail=429,429&retry_after=1' },
  { name: 'cut', label: 'Breaks off once in the middle', sim: 'tokens=160&itl_ms=20&fail=cut&cut_after=50' },
] as const;

export function isSimulated(model: string): boolean {
  return model === 'sim' || model.startsWith('sim-');
}

export function requestFor(jobKey: string, prompt: string, model: string, moodName: string): SubmitRequest {
  const mood = moods.find(({ name }) => name === moodName) ?? moods[0];
  // The simulator counts calls per case. Without a separate case, other jobs would have used up the faults of this one.
  const instructions = isSimulated(model) ? { metadata: { sim: mood.sim, case: jobKey.slice(0, 64) } } : {};
  return {
    task: 'chat.completions',
    input: { model, messages: [{ role: 'user', content: prompt }], ...instructions },
    metadata: { prompt: shorten(prompt) },
  };
}

function shorten(text: string): string {
  if (text.length <= MAX_METADATA) return text;
  // Never cut in the middle of a character: half a character is not valid text.
  return `${text.slice(0, MAX_METADATA - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}

/** docs/guides/simulator.md has every instruction that the simulator knows, and no other. */
import { describe, expect, it } from '@jest/globals';
import { parseInstructions } from '../../packages/simulator/src/instructions/instructions.ts';
import { firstNamesUnder, namesIn, readReference } from './tables.ts';

const page = readReference('docs/guides/simulator.md');

/** What a refusal lists. */
function refusalOf(instructions: string): string {
  try {
    parseInstructions(instructions);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return '';
}

describe('docs/guides/simulator.md', () => {
  it('has every instruction, and no other', () => {
    const [, known = ''] = /Expected some of ([^.]+)\./.exec(refusalOf('unheard=1')) ?? [];
    expect(firstNamesUnder(page, 'Instructions').sort()).toEqual(known.split(', ').sort());
  });

  it('has every word that `fail` takes', () => {
    const [, known = ''] = /statuses \(400 to 599\) and of ([^,]+(?:, [a-z_0-9]+)*),/.exec(refusalOf('fail=x')) ?? [];
    const [sentence = ''] = /^`fail` takes [\s\S]*?\.$/m.exec(page) ?? [];
    expect(known.split(', ')).toContain('stall');
    expect(namesIn(sentence).slice(1).sort()).toEqual(known.split(', ').sort());
  });
});

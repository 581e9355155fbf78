/** Named pieces of Lua, and how scripts are made of them. Each piece has a contract header in its own file. */

export interface Fragment {
  name: string;
  /** Pieces whose functions this one calls. */
  needs: readonly Fragment[];
  /**
   * Declares locals and nothing else, so that the order of pieces doesn't matter beyond `needs`. Each declaration begins a line
   * of its own, and nothing else does but comments.
   */
  lua: string;
}

/**
 * The pieces, each once and after those that it needs, then the script's own body. What nothing uses is left out: Redis makes
 * a script's functions anew at each run, which takes longer than many of its commands.
 */
export function compose(fragments: readonly Fragment[], body: string): string {
  const placed = new Set<Fragment>();
  const place = (fragment: Fragment): string[] => {
    if (placed.has(fragment)) return [];
    placed.add(fragment);
    return [...fragment.needs.flatMap(place), ...declarationsOf(fragment)];
  };
  // From the end: what uses a name stands behind what declares it.
  return fragments.flatMap(place).reduceRight((script, declaration) => {
    const declared = /^local (?:function )?(\w+(?:, \w+)*)/m.exec(declaration)?.[1]?.split(', ') ?? [];
    return declared.some((name) => isUsed(name, script)) ? declaration + script : script;
  }, `${body.trim()}\n`);
}

/** Without the comments between them. */
function declarationsOf({ lua }: Fragment): string[] {
  const bare = lua.replace(/^-- .*\n/gm, '').trim();
  return bare.split(/\n(?=local )/).map((declaration) => `${declaration}\n`);
}

function isUsed(name: string, script: string): boolean {
  return new RegExp(`\\b${name}\\b`).test(script);
}

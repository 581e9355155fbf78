/** Named pieces of Lua, and how scripts are composed of them. Each piece has a contract header in its own file. */

export interface Fragment {
  name: string;
  /** The pieces whose functions this one calls. */
  needs: readonly Fragment[];
  /**
   * Only declarations of locals, so that no order of pieces matters besides `needs`. Only declarations and comments begin in the
   * first column of a line.
   */
  lua: string;
}

/**
 * The pieces, each once and after those that it needs, then the script's own body. Unused declarations are left out: Redis
 * creates a script's functions at every run, which takes longer than many of its commands.
 */
export function compose(fragments: readonly Fragment[], body: string): string {
  const placed = new Set<Fragment>();
  const place = (fragment: Fragment): string[] => {
    if (placed.has(fragment)) return [];
    placed.add(fragment);
    return [...fragment.needs.flatMap(place), ...declarationsOf(fragment)];
  };
  // From the end: a name is used only after its declaration.
  return fragments.flatMap(place).reduceRight((script, declaration) => {
    const declared = /^local (?:function )?(\w+(?:, \w+)*)/m.exec(declaration)?.[1]?.split(', ') ?? [];
    return declared.some((name) => isUsed(name, script)) ? declaration + script : script;
  }, `${body.trim()}\n`);
}

/** The declarations without the comments between them. */
function declarationsOf({ lua }: Fragment): string[] {
  const bare = lua.replace(/^-- .*\n/gm, '').trim();
  return bare.split(/\n(?=local )/).map((declaration) => `${declaration}\n`);
}

function isUsed(name: string, script: string): boolean {
  return new RegExp(`\\b${name}\\b`).test(script);
}

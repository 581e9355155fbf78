/** Named pieces of Lua, and how scripts are made of them. Each piece has a contract header in its own file. */

export interface Fragment {
  name: string;
  /** Pieces whose functions this one calls. */
  needs: readonly Fragment[];
  /** Declares local functions and nothing else, so that the order of pieces doesn't matter beyond `needs`. */
  lua: string;
}

/** The pieces, each once and after those that it needs, then the script's own body. */
export function compose(fragments: readonly Fragment[], body: string): string {
  const placed = new Set<Fragment>();
  const place = (fragment: Fragment): string => {
    if (placed.has(fragment)) return '';
    placed.add(fragment);
    return `${fragment.needs.map(place).join('')}-- ${fragment.name}${fragment.lua}`;
  };
  return `${fragments.map(place).join('')}-- body\n${body.trim()}\n`;
}

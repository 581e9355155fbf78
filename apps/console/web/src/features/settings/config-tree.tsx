/** The config file as a tree: names and values without the marks of JSON. Values are shown as text, never as HTML. */

interface ConfigTreeProps {
  value: unknown;
  /** So many levels are open at first. */
  openLevels?: number;
}

type Entry = readonly [name: string, value: unknown];

function entriesOf(value: unknown): readonly Entry[] | null {
  if (Array.isArray(value)) return value.map((item, at): Entry => [titleOf(item) ?? String(at + 1), item]);
  return typeof value === 'object' && value !== null ? Object.entries(value) : null;
}

/** A provider is better known by its name than by its place. */
function titleOf(item: unknown): string | null {
  const name = typeof item === 'object' && item !== null && 'name' in item ? item.name : null;
  return typeof name === 'string' ? name : null;
}

/** A list of plain values stands on one line. */
const isShortList = (value: unknown): value is unknown[] =>
  Array.isArray(value) && value.every((item) => entriesOf(item) === null);

export function ConfigTree({ value, openLevels = 3 }: ConfigTreeProps) {
  const entries = entriesOf(value);
  if (entries === null) return <Leaf value={value} />;
  return (
    <ul className="tree">
      {entries.map(([name, inner], at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: two providers of a list may have one name
        <Branch key={`${at} ${name}`} name={name} openLevels={openLevels} value={inner} />
      ))}
    </ul>
  );
}

function Branch({ name, value, openLevels }: { name: string; value: unknown; openLevels: number }) {
  const entries = entriesOf(value);
  if (entries === null || entries.length === 0 || isShortList(value))
    return (
      <li className="tree-leaf">
        <span className="tree-name">{name}</span> <Leaf value={value} />
      </li>
    );
  return (
    <li>
      <details open={openLevels > 0}>
        <summary>
          {name} <span className="quiet">{entries.length}</span>
        </summary>
        <ConfigTree openLevels={openLevels - 1} value={value} />
      </details>
    </li>
  );
}

function Leaf({ value }: { value: unknown }) {
  if (isShortList(value)) return value.length === 0 ? <Empty /> : <code>{value.map(String).join(', ')}</code>;
  return typeof value === 'object' && value !== null ? <Empty /> : <code>{String(value)}</code>;
}

function Empty() {
  return <span className="quiet">none</span>;
}

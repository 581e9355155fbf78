/** JSON that opens and closes. Long lists open by parts, so that a large answer doesn't block the page. */
import { isJsonObject, type JsonValue } from '@holdfast/core';
import { type ReactNode, useState } from 'react';
import { Button } from '../../../kit/index.ts';

const OPEN_DEPTH = 2;
const SHOWN_AT_ONCE = 100;

export function JsonTree({ value }: { value: JsonValue }) {
  return (
    <div className="json mono">
      <Node depth={0} name={null} value={value} />
    </div>
  );
}

interface NodeProps {
  name: string | null;
  value: JsonValue;
  depth: number;
}

function Node({ name, value, depth }: NodeProps) {
  const label = name === null ? null : <span className="json-name">{name}: </span>;
  if (Array.isArray(value)) {
    const entries = value.map((item, at): [string, JsonValue] => [String(at), item]);
    return <Branch depth={depth} entries={entries} label={label} marks="[]" />;
  }
  if (isJsonObject(value)) return <Branch depth={depth} entries={Object.entries(value)} label={label} marks="{}" />;
  return (
    <div className="json-leaf">
      {label}
      <span className={`json-${value === null ? 'null' : typeof value}`}>{JSON.stringify(value)}</span>
    </div>
  );
}

interface BranchProps {
  entries: [string, JsonValue][];
  label: ReactNode;
  marks: '[]' | '{}';
  depth: number;
}

function Branch({ entries, label, marks, depth }: BranchProps) {
  const [isOpen, setOpen] = useState(depth < OPEN_DEPTH);
  const [shown, setShown] = useState(SHOWN_AT_ONCE);
  if (entries.length === 0) {
    return (
      <div className="json-leaf">
        {label}
        <span className="quiet">{marks}</span>
      </div>
    );
  }
  return (
    <details onToggle={({ currentTarget }) => setOpen(currentTarget.open)} open={isOpen}>
      <summary>
        {label}
        <span className="quiet">
          {marks[0]} {entries.length} {marks[1]}
        </span>
      </summary>
      {isOpen && (
        <div className="json-inner">
          {entries.slice(0, shown).map(([name, value]) => (
            <Node depth={depth + 1} key={name} name={name} value={value} />
          ))}
          {entries.length > shown && (
            <Button kind="quiet" onClick={() => setShown(shown + SHOWN_AT_ONCE)} small>
              {entries.length - shown} more
            </Button>
          )}
        </div>
      )}
    </details>
  );
}

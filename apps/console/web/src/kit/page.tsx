/** The frame of every page: its heading, what it offers, and its sections. */
import { type ReactNode, useEffect, useId } from 'react';

interface PageProps {
  title: string;
  /** One line on what the page shows. */
  summary?: ReactNode;
  /** Where one came from, above the title. */
  back?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}

export function Page({ title, summary, back, actions, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · Holdfast`;
  }, [title]);
  return (
    <div className="page">
      <header className="page-head">
        <div className="page-titles">
          {back && <nav aria-label="Back">{back}</nav>}
          <h1>{title}</h1>
          {summary && <div className="page-summary">{summary}</div>}
        </div>
        {actions && <div className="page-actions">{actions}</div>}
      </header>
      {children}
    </div>
  );
}

interface SectionProps {
  title: string;
  /** Right of the title. */
  actions?: ReactNode;
  summary?: ReactNode;
  /** Without inner space, for tables. */
  flush?: boolean;
  /** What it shows answers an earlier question: the answer to the new one is being read. */
  isOld?: boolean;
  children: ReactNode;
}

export function Section({ title, actions, summary, flush = false, isOld = false, children }: SectionProps) {
  const id = useId();
  return (
    <section aria-labelledby={id} className={`section ${flush ? 'section-flush' : ''}`}>
      <header className="section-head">
        <div>
          <h2 id={id}>{title}</h2>
          {summary && <p className="quiet">{summary}</p>}
        </div>
        {actions && <div className="section-actions">{actions}</div>}
      </header>
      <div aria-busy={isOld} className="section-body">
        {children}
      </div>
    </section>
  );
}

/** Names and their values. */
export function Facts({ items }: { items: readonly (readonly [name: string, value: ReactNode])[] }) {
  return (
    <dl className="facts">
      {items.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

interface TileProps {
  label: string;
  value: ReactNode;
  note?: ReactNode;
  tone?: 'bad' | 'warn' | undefined;
}

/** A figure that is to be seen from afar. */
export function Tile({ label, value, note, tone }: TileProps) {
  return (
    <div className={`tile ${tone ? `tile-${tone}` : ''}`}>
      <dt>{label}</dt>
      <dd>
        <strong>{value}</strong>
        {note && <span className="tile-note">{note}</span>}
      </dd>
    </div>
  );
}

export function Tiles({ children }: { children: ReactNode }) {
  return <dl className="tiles">{children}</dl>;
}

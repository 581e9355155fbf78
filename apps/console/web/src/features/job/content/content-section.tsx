/** Prompt and answer. Reading them is written into the audit log, so they are only read when somebody asks for them. */
import type { JobContent, JobDetails } from '@holdfast/admin';
import type { JsonValue } from '@holdfast/core';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { useMay } from '../../../api/index.ts';
import { formatBytes } from '../../../format/index.ts';
import { Button, Choice, CopyButton, EmptyState, Loaded, RoleNote, Section } from '../../../kit/index.ts';
import { contentQuery } from './content-query.ts';
import { Conversation } from './conversation.tsx';
import { JsonTree } from './json-tree.tsx';
import { messagesOf } from './messages.ts';
import './content.css';

interface ContentSectionProps {
  job: JobDetails;
  isShown: boolean;
  onShow: () => void;
}

export function ContentSection({ job, isShown, onShow }: ContentSectionProps) {
  const maySee = useMay('operator');
  if (!maySee) {
    return (
      <Section title="Prompt and answer">
        <RoleNote needs="operator" what="Prompts and answers are hidden" />
      </Section>
    );
  }
  if (!isShown) return <Closed job={job} onShow={onShow} />;
  return <Content job={job} />;
}

const sizeOf = (bytes: number | null) => (bytes === null ? 'none' : formatBytes(bytes));

function Closed({ job, onShow }: { job: JobDetails; onShow: () => void }) {
  const { request_size, output_size, rerun_of } = job;
  const label = rerun_of === null ? 'Show prompt and answer' : 'Show prompt and answer, and what the edits changed';
  return (
    <Section summary={`Prompt ${sizeOf(request_size)}, answer ${sizeOf(output_size)}`} title="Prompt and answer">
      <div className="content-closed">
        <Button onClick={onShow}>{label}</Button>
        <span className="quiet">The audit log notes that you looked.</span>
      </div>
    </Section>
  );
}

function Content({ job }: { job: JobDetails }) {
  const content = useQuery(contentQuery(job.id, job.status));
  return (
    <Loaded query={content}>
      {(data) => (
        <div className="columns">
          <Part
            cut={data.cut.includes('request')}
            reading={<Prompt request={data.request} />}
            text={JSON.stringify(data.request, null, 2)}
            title="Prompt"
            value={data.request}
          />
          <Part
            cut={data.cut.includes('output')}
            reading={<Answer content={data} />}
            text={data.output_text ?? JSON.stringify(data.output, null, 2)}
            title="Answer"
            value={data.output}
          />
        </div>
      )}
    </Loaded>
  );
}

const looks = [
  ['reading', 'Reading'],
  ['json', 'JSON'],
] as const;

interface PartProps {
  title: string;
  value: JsonValue | null;
  /** What is copied. */
  text: string;
  /** Too large to be shown. */
  cut: boolean;
  reading: ReactNode;
}

function Part({ title, value, text, cut, reading }: PartProps) {
  const [look, setLook] = useState<'reading' | 'json'>('reading');
  const actions = value !== null && (
    <>
      <Choice label={`Show the ${title.toLowerCase()} for`} onChange={setLook} options={looks} value={look} />
      <CopyButton label={`Copy the ${title.toLowerCase()}`} text={text} />
    </>
  );
  return (
    <Section actions={actions} title={title}>
      {cut && <EmptyState title="It is too large to be shown here." />}
      {!cut && (look === 'json' && value !== null ? <JsonTree value={value} /> : reading)}
    </Section>
  );
}

function Prompt({ request }: { request: JsonValue | null }) {
  if (request === null) return <EmptyState title="The prompt is no longer kept." />;
  const messages = messagesOf(request);
  return messages === null ? <JsonTree value={request} /> : <Conversation messages={messages} />;
}

function Answer({ content: { output, output_text } }: { content: JobContent }) {
  if (output_text !== null) return <p className="text">{output_text}</p>;
  if (output !== null) return <JsonTree value={output} />;
  return <EmptyState title="There is no answer." />;
}

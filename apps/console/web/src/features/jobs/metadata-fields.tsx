/** Filters by metadata: names and values, as many as one likes. */
import { useState } from 'react';
import { Button, IconButton, TextField } from '../../kit/index.ts';
import type { SearchParams } from '../../search-params.ts';
import { isMetadata, metadataFilter, metadataName } from './job-filter.ts';

interface MetadataFieldsProps {
  draft: SearchParams;
  onChange: (draft: SearchParams) => void;
}

export function MetadataFields({ draft, onChange }: MetadataFieldsProps) {
  const [name, setName] = useState('');
  const pairs = Object.entries(draft).filter(([key]) => isMetadata(key));
  const remove = (key: string) =>
    onChange(Object.fromEntries(Object.entries(draft).filter(([other]) => other !== key)));
  const add = () => {
    onChange({ ...draft, [metadataFilter(name)]: '' });
    setName('');
  };
  return (
    <fieldset className="filter-row">
      <legend className="visually-hidden">Metadata</legend>
      {pairs.map(([key, value]) => (
        <div className="filter-pair" key={key}>
          <TextField
            label={`Metadata “${metadataName(key)}”`}
            onChange={({ target }) => onChange({ ...draft, [key]: target.value })}
            value={value}
          />
          <IconButton icon="close" label={`Remove the filter ${metadataName(key)}`} onClick={() => remove(key)} />
        </div>
      ))}
      <div className="filter-pair">
        <TextField
          label="Metadata, by name"
          onChange={({ target }) => setName(target.value.trim())}
          placeholder="user"
          value={name}
        />
        <Button disabled={name === '' || metadataFilter(name) in draft} icon="plus" onClick={add}>
          Add
        </Button>
      </div>
    </fieldset>
  );
}

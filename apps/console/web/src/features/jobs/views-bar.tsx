/** The views, as links: each is an address. */
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { Button, FormDialog, Icon, IconButton, TextField } from '../../kit/index.ts';
import type { SearchParams } from '../../search-params.ts';
import { builtInViews, isShown, removeView, saveView, useViews, type View } from './saved-views.ts';

function ViewLink({ view, search }: { view: View; search: SearchParams }) {
  const isCurrent = isShown(view, search);
  return (
    <Link
      // The router would mark every link to this page.
      activeOptions={{ exact: true, includeSearch: true, explicitUndefined: true }}
      aria-current={isCurrent ? 'true' : undefined}
      className={`view ${isCurrent ? 'view-current' : ''}`}
      search={view.search}
      to="/jobs"
    >
      {view.name}
    </Link>
  );
}

function SaveDialog({ search, onClose }: { search: SearchParams; onClose: () => void }) {
  const [name, setName] = useState('');
  const save = () => {
    saveView(name.trim(), search);
    onClose();
  };
  return (
    <FormDialog
      canSubmit={name.trim() !== ''}
      isBusy={false}
      onClose={onClose}
      onSubmit={save}
      submitLabel="Save"
      title="Save this view"
    >
      <TextField
        hint="The filter is kept in this browser under this name. A view of the same name is replaced."
        label="Name"
        maxLength={60}
        onChange={({ target }) => setName(target.value)}
        value={name}
      />
    </FormDialog>
  );
}

export function ViewsBar({ search }: { search: SearchParams }) {
  const views = useViews();
  const [isSaving, setSaving] = useState(false);
  const isKnown = [...builtInViews, ...views].some((view) => isShown(view, search));
  return (
    <nav aria-label="Views" className="views">
      <ul>
        {builtInViews.map((view) => (
          <li key={view.name}>
            <ViewLink search={search} view={view} />
          </li>
        ))}
        {views.map((view) => (
          <li className="view-own" key={view.name}>
            <Icon name="bookmark" size={13} />
            <ViewLink search={search} view={view} />
            <IconButton icon="close" label={`Remove the view ${view.name}`} onClick={() => removeView(view.name)} />
          </li>
        ))}
      </ul>
      {!isKnown && (
        <Button icon="bookmark" kind="quiet" onClick={() => setSaving(true)} small>
          Save this view
        </Button>
      )}
      {isSaving && <SaveDialog onClose={() => setSaving(false)} search={search} />}
    </nav>
  );
}

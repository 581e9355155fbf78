/** The fields of a form for limits. */
import { TextField } from '../field.tsx';
import type { LimitErrors, LimitField, LimitTexts } from './limit-texts.ts';
import './limits.css';

interface LimitFieldsProps {
  fields: readonly LimitField[];
  texts: LimitTexts;
  errors: LimitErrors;
  onChange: (texts: LimitTexts) => void;
}

export function LimitFields({ fields, texts, errors, onChange }: LimitFieldsProps) {
  return (
    <div className="limit-fields">
      {fields.map(({ name, label, hint }) => (
        <TextField
          error={errors[name]}
          hint={hint}
          inputMode="decimal"
          key={name}
          label={label}
          onChange={({ target }) => onChange({ ...texts, [name]: target.value })}
          placeholder="no limit"
          value={texts[name] ?? ''}
        />
      ))}
    </div>
  );
}

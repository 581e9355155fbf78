/** Fields of forms: a label, what it means, and what is wrong with it, tied together for screen readers. */
import {
  type InputHTMLAttributes,
  type ReactNode,
  type SelectHTMLAttributes,
  type TextareaHTMLAttributes,
  useId,
} from 'react';

interface Labels {
  label: string;
  /** What to write, or what it does. */
  hint?: ReactNode;
  /** What is wrong, and how to fix it. */
  error?: string | undefined;
  /** Only for screen readers: where the place says what it is. */
  hideLabel?: boolean;
}

interface FrameProps extends Labels {
  id: string;
  children: ReactNode;
}

function Frame({ id, label, hint, error, hideLabel = false, children }: FrameProps) {
  return (
    <div className="field">
      <label className={hideLabel ? 'visually-hidden' : ''} htmlFor={id}>
        {label}
      </label>
      {children}
      {hint && (
        <p className="field-hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {error && (
        <p className="field-error" id={`${id}-error`} role="alert">
          {error}
        </p>
      )}
    </div>
  );
}

/** The attributes that tie a control to its label, hint and error. */
function tied(id: string, { hint, error }: Labels) {
  const ids = [hint ? `${id}-hint` : '', error ? `${id}-error` : ''].filter(Boolean).join(' ');
  return { id, 'aria-invalid': error ? true : undefined, 'aria-describedby': ids || undefined };
}

type TextFieldProps = Labels & InputHTMLAttributes<HTMLInputElement>;

export function TextField({ label, hint, error, hideLabel = false, className = '', ...rest }: TextFieldProps) {
  const id = useId();
  const labels = { label, hint, error, hideLabel };
  return (
    <Frame id={id} {...labels}>
      <input autoComplete="off" type="text" {...rest} {...tied(id, labels)} className={`input ${className}`} />
    </Frame>
  );
}

type TextAreaProps = Labels & TextareaHTMLAttributes<HTMLTextAreaElement>;

export function TextArea({ label, hint, error, hideLabel = false, className = '', ...rest }: TextAreaProps) {
  const id = useId();
  const labels = { label, hint, error, hideLabel };
  return (
    <Frame id={id} {...labels}>
      <textarea rows={6} spellCheck={false} {...rest} {...tied(id, labels)} className={`input ${className}`} />
    </Frame>
  );
}

type SelectProps = Labels &
  SelectHTMLAttributes<HTMLSelectElement> & {
    options: readonly (readonly [value: string, label: string])[];
  };

export function SelectField({ label, hint, error, hideLabel = false, options, className = '', ...rest }: SelectProps) {
  const id = useId();
  const labels = { label, hint, error, hideLabel };
  return (
    <Frame id={id} {...labels}>
      <select {...rest} {...tied(id, labels)} className={`input select ${className}`}>
        {options.map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </Frame>
  );
}

interface CheckboxProps extends Omit<InputHTMLAttributes<HTMLInputElement>, 'type'> {
  label: string;
  hideLabel?: boolean;
}

export function Checkbox({ label, hideLabel = false, ...rest }: CheckboxProps) {
  return (
    <label className="checkbox">
      <input {...rest} type="checkbox" />
      <span className={hideLabel ? 'visually-hidden' : ''}>{label}</span>
    </label>
  );
}

/** A choice of a few, all in sight: radio buttons that look like one control. Arrow keys move in it. */
import { useId } from 'react';

interface ChoiceProps<Value extends string> {
  label: string;
  value: Value;
  options: readonly (readonly [value: Value, label: string])[];
  onChange: (value: Value) => void;
}

export function Choice<Value extends string>({ label, value, options, onChange }: ChoiceProps<Value>) {
  const name = useId();
  return (
    <fieldset className="choice">
      <legend className="visually-hidden">{label}</legend>
      {options.map(([option, text]) => (
        <label key={option}>
          <input
            checked={option === value}
            className="visually-hidden"
            name={name}
            onChange={() => onChange(option)}
            type="radio"
            value={option}
          />
          <span>{text}</span>
        </label>
      ))}
    </fieldset>
  );
}

import type { ParameterField } from '../data/parameter-fields';

interface Props {
  readonly field: ParameterField;
  readonly value: string;
  readonly error: string | null;
  readonly change: (value: string) => void;
}

/** One field of the form. */
export function ParameterInput({ field, value, error, change }: Props) {
  const id = `parameter-${field.name}`;
  return (
    <div class="field">
      <label for={id}>
        {field.name}
        {field.isRequired && <span class="quiet"> required</span>}
      </label>
      <Control id={id} field={field} value={value} change={change} />
      <p id={`${id}-help`} class="quiet">
        {field.description} {boundsText(field)}
      </p>
      {error !== null && value !== '' && <p class="bad">{error}</p>}
    </div>
  );
}

function Control({ id, field, value, change }: Omit<Props, 'error'> & { readonly id: string }) {
  const { kind, choices, fallback, minimum, maximum, isInteger } = field;
  const common = { id, 'aria-describedby': `${id}-help`, placeholder: fallback };
  const onInput = (event: { currentTarget: { value: string } }) =>
    change(event.currentTarget.value);
  if (kind === 'choice' || kind === 'switch') {
    const options = kind === 'switch' ? ['true', 'false'] : choices;
    return (
      <select id={id} aria-describedby={`${id}-help`} value={value} onChange={onInput}>
        <option value="">{fallback === '' ? '' : `${fallback} (default)`}</option>
        {options.map((option) => (
          <option key={option} value={option}>
            {option}
          </option>
        ))}
      </select>
    );
  }
  if (kind === 'json') return <textarea {...common} rows={3} value={value} onInput={onInput} />;
  if (kind === 'text') return <input {...common} value={value} onInput={onInput} />;
  return (
    <input
      {...common}
      type="number"
      step={isInteger ? 1 : 'any'}
      {...(minimum !== null && { min: minimum })}
      {...(maximum !== null && { max: maximum })}
      value={value}
      onInput={onInput}
    />
  );
}

function boundsText({ minimum, maximum, kind }: ParameterField): string {
  if (kind === 'json') return 'JSON';
  if (minimum !== null && maximum !== null) return `${minimum} to ${maximum}`;
  if (minimum !== null) return `at least ${minimum}`;
  return maximum === null ? '' : `at most ${maximum}`;
}

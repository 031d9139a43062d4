import type { ComponentChildren, JSX } from 'preact'
import { useId } from 'preact/hooks'

interface FieldProps {
  readonly label: string
  /** As the service calls it, where the label does not say it. */
  readonly hint?: ComponentChildren
  readonly error?: string | null | undefined
  readonly wide?: boolean
}

/** A text field with its label, its hint and what is wrong with it. */
export function TextField({
  label,
  hint,
  error,
  wide,
  value,
  onChange,
  numeric = true,
  list,
  ...rest
}: FieldProps & {
  readonly value: string
  readonly onChange: (value: string) => void
  readonly numeric?: boolean
  readonly list?: string
  readonly placeholder?: string
  readonly disabled?: boolean
  readonly name?: string
}): JSX.Element {
  const id = useId()
  return (
    <div class={`field${wide === true ? ' field-wide' : ''}`}>
      <label for={id}>{label}</label>
      <input
        id={id}
        type="text"
        inputMode={numeric ? 'decimal' : 'text'}
        autoComplete="off"
        spellcheck={false}
        list={list}
        value={value}
        onInput={(event) => onChange(event.currentTarget.value)}
        aria-invalid={error != null}
        aria-describedby={describedBy(id, hint, error)}
        {...rest}
      />
      <Notes id={id} hint={hint} error={error} />
    </div>
  )
}

export function AreaField({
  label,
  hint,
  error,
  value,
  onChange,
  rows = 3,
  placeholder,
}: FieldProps & {
  readonly value: string
  readonly onChange: (value: string) => void
  readonly rows?: number
  readonly placeholder?: string
}): JSX.Element {
  const id = useId()
  return (
    <div class="field field-wide">
      <label for={id}>{label}</label>
      <textarea
        id={id}
        rows={rows}
        spellcheck={false}
        placeholder={placeholder}
        value={value}
        onInput={(event) => onChange(event.currentTarget.value)}
        aria-invalid={error != null}
        aria-describedby={describedBy(id, hint, error)}
      />
      <Notes id={id} hint={hint} error={error} />
    </div>
  )
}

export function SelectField({
  label,
  hint,
  error,
  wide,
  value,
  onChange,
  options,
}: FieldProps & {
  readonly value: string
  readonly onChange: (value: string) => void
  readonly options: readonly { readonly value: string; readonly name: string; readonly disabled?: boolean }[]
}): JSX.Element {
  const id = useId()
  return (
    <div class={`field${wide === true ? ' field-wide' : ''}`}>
      <label for={id}>{label}</label>
      <select
        id={id}
        value={value}
        onChange={(event) => onChange(event.currentTarget.value)}
        aria-invalid={error != null}
        aria-describedby={describedBy(id, hint, error)}
      >
        {options.map((option) => (
          <option key={option.value} value={option.value} disabled={option.disabled}>
            {option.name}
          </option>
        ))}
      </select>
      <Notes id={id} hint={hint} error={error} />
    </div>
  )
}

export function CheckField({
  label,
  hint,
  error,
  checked,
  onChange,
}: FieldProps & {
  readonly checked: boolean
  readonly onChange: (checked: boolean) => void
}): JSX.Element {
  const id = useId()
  return (
    <div class="field field-check">
      <input
        id={id}
        type="checkbox"
        checked={checked}
        onChange={(event) => onChange(event.currentTarget.checked)}
        aria-describedby={describedBy(id, hint, error)}
      />
      <label for={id}>{label}</label>
      <Notes id={id} hint={hint} error={error} />
    </div>
  )
}

/** One of a few: radio buttons that look like one control. */
export function Choice<T extends string>({
  label,
  hideLabel,
  options,
  value,
  onChange,
}: {
  readonly label: string
  readonly hideLabel?: boolean
  readonly options: readonly { readonly value: T; readonly name: string }[]
  readonly value: T
  readonly onChange: (value: T) => void
}): JSX.Element {
  const name = useId()
  return (
    <fieldset class="choice">
      <legend class={hideLabel === true ? 'hidden' : undefined}>{label}</legend>
      <div class="choice-options">
        {options.map((option) => (
          <label key={option.value}>
            <input
              type="radio"
              name={name}
              value={option.value}
              checked={option.value === value}
              onChange={() => onChange(option.value)}
            />
            <span>{option.name}</span>
          </label>
        ))}
      </div>
    </fieldset>
  )
}

function describedBy(id: string, hint: unknown, error: unknown): string | undefined {
  return (
    [hint == null ? null : `${id}-hint`, error == null ? null : `${id}-error`]
      .filter((part) => part !== null)
      .join(' ') || undefined
  )
}

function Notes({
  id,
  hint,
  error,
}: {
  readonly id: string
  readonly hint: ComponentChildren
  readonly error: string | null | undefined
}): JSX.Element {
  return (
    <>
      {hint == null ? null : (
        <p class="field-hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {error == null ? null : (
        <p class="field-error" id={`${id}-error`}>
          {error}
        </p>
      )}
    </>
  )
}

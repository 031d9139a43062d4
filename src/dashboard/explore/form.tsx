import type { JSX } from 'preact'
import type { EnginesAnswer, Kind } from '../api/client.ts'
import { AreaField, CheckField, Choice, SelectField, TextField } from '../parts/field.tsx'
import { kinds, seqLenOf, tokensOf } from './config.ts'
import type { Config } from './config.ts'

export type FieldErrors = Readonly<Partial<Record<keyof Config, string>>>

/** The model and its input. Nothing is checked here: errors are the service's, each at its field. */
export function ConfigForm({
  config,
  errors,
  engines,
  onChange,
}: {
  readonly config: Config
  readonly errors: FieldErrors
  readonly engines: EnginesAnswer | undefined
  readonly onChange: (change: Partial<Config>) => void
}): JSX.Element {
  const text = (field: keyof Config) => ({
    value: config[field],
    error: errors[field],
    onChange: (value: string) => onChange({ [field]: value }),
  })
  const { kind } = config
  const tokens = tokensOf(config)
  const given = config.values.trim() !== ''
  const hidden = (['context_length', 'advance', 'mode', 'engine', 'values', 'dropout'] as const).some(
    (field) => errors[field] !== undefined,
  )
  return (
    <form class="config" onSubmit={(event) => event.preventDefault()} aria-label="Model and input">
      <div class="form-section">
        <Choice<Kind>
          label="Model"
          options={kinds.map((one) => ({ value: one.kind, name: one.name }))}
          value={kind}
          onChange={(value) => onChange({ kind: value })}
        />
        <p class="field-hint">{kinds.find((one) => one.kind === kind)!.note}</p>
        <div class="fields">
          <TextField label="d_in" {...text('d_in')} />
          <TextField label={kind === 'multi-head-wrapper' ? 'd_out per head' : 'd_out'} {...text('d_out')} />
          {kind === 'causal' ? null : <TextField label="Heads" {...text('num_heads')} />}
          <TextField label="Model seed" {...text('seed')} />
        </div>
        <CheckField
          label="Query, key and value bias"
          checked={config.qkv_bias === 'true'}
          error={errors.qkv_bias}
          onChange={(checked) => onChange({ qkv_bias: String(checked) })}
        />
        {kind !== 'multi-head-wrapper' ? null : (
          <CheckField
            label="Output projection"
            checked={config.out_proj === 'true'}
            error={errors.out_proj}
            onChange={(checked) => onChange({ out_proj: String(checked) })}
          />
        )}
      </div>
      <div class="form-section">
        <h3>Input</h3>
        <TextField
          label="Sentence (labels the positions)"
          wide
          numeric={false}
          placeholder="Your journey starts with one step"
          {...text('sentence')}
          hint={
            tokens === null
              ? 'Labels only: the vectors are random or the ones you give.'
              : `${tokens.length} tokens.${given ? '' : ' They set the sequence length.'}`
          }
        />
        {given ? null : (
          <div class="fields">
            <TextField label="Batch" {...text('batch')} />
            <TextField
              label="Sequence length"
              {...text('seq_len')}
              value={seqLenOf(config)}
              disabled={tokens !== null}
            />
            <TextField label="Input seed" {...text('input_seed')} />
          </div>
        )}
      </div>
      <details class="form-section more" open={hidden || given}>
        <summary>More options</summary>
        <div class="fields">
          <TextField label="Dropout" {...text('dropout')} />
          <TextField label="Context length" placeholder={seqLenOf(config)} {...text('context_length')} />
          {given ? null : <TextField label="Advance" hint="Uniform draws before the input" {...text('advance')} />}
          <SelectField
            label="Mode"
            value={config.mode}
            error={errors.mode}
            onChange={(mode) => onChange({ mode })}
            options={[
              { value: 'eval', name: 'eval' },
              { value: 'train', name: 'train (dropout)' },
            ]}
          />
          <SelectField
            label="Engine"
            wide
            value={config.engine}
            error={errors.engine}
            onChange={(engine) => onChange({ engine })}
            options={[
              { value: '', name: 'The service’s choice' },
              ...(engines?.engines ?? [])
                .filter(({ available }) => available)
                .map(({ name }) => ({ value: name, name })),
            ]}
          />
        </div>
        <AreaField
          label="Input values instead of random ones"
          placeholder="[[0.43, 0.15, 0.89], [0.55, 0.87, 0.66]]"
          hint="JSON: (seq, d_in) or (batch, seq, d_in)"
          {...text('values')}
        />
      </details>
    </form>
  )
}

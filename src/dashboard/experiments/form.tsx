import type { JSX } from 'preact'
import { CheckField, SelectField, TextField } from '../parts/field.tsx'
import { armNames } from './config.ts'
import type { ExperimentConfig, ExperimentErrors } from './config.ts'

const armWords: Readonly<Record<(typeof armNames)[number], string>> = {
  none: 'no bias',
  q: 'query',
  k: 'key',
  v: 'value',
  qkv: 'all three',
}

export function ExperimentForm({
  config,
  errors,
  onChange,
}: {
  readonly config: ExperimentConfig
  readonly errors: ExperimentErrors
  readonly onChange: (change: Partial<ExperimentConfig>) => void
}): JSX.Element {
  const text = (field: keyof ExperimentConfig) => ({
    value: config[field],
    error: errors[field],
    onChange: (value: string) => onChange({ [field]: value }),
  })
  const arms = config.arms.split(',').filter((arm) => arm !== '')
  const listed = config.list.trim() !== ''
  return (
    <div class="config">
      <div class="form-section">
        <h3>Model and input</h3>
        <div class="fields">
          <TextField label="d_in" {...text('d_in')} />
          <TextField label="d_out" {...text('d_out')} />
          <TextField label="Batch" {...text('batch')} />
          <TextField label="Sequence length" {...text('seq_len')} />
          {config.experiment === 'heads' ? (
            <TextField
              label="Numbers of heads"
              wide
              numeric={false}
              hint="Claims compare the first with the last."
              {...text('num_heads')}
            />
          ) : null}
        </div>
        {config.experiment !== 'bias' ? null : (
          <fieldset class="checks" aria-describedby={errors.arms === undefined ? undefined : 'arms-error'}>
            <legend>Biases to compare</legend>
            {armNames.map((arm) => (
              <CheckField
                key={arm}
                label={armWords[arm]}
                checked={arms.includes(arm)}
                onChange={(checked) =>
                  onChange({ arms: armNames.filter((one) => (one === arm ? checked : arms.includes(one))).join(',') })
                }
              />
            ))}
            {errors.arms === undefined ? null : (
              <p class="field-error" id="arms-error">
                {errors.arms}
              </p>
            )}
          </fieldset>
        )}
      </div>
      <div class="form-section">
        <h3>Seeds</h3>
        <div class="fields">
          <TextField label="Number of seeds" {...text('count')} disabled={listed} />
          <TextField label="First seed" {...text('first')} disabled={listed} />
          <TextField label="Or these seeds" wide numeric={false} placeholder="42, 43, 44" {...text('list')} />
        </div>
      </div>
      <details
        class="form-section more"
        open={
          errors.pairing !== undefined ||
          errors.confidence !== undefined ||
          errors.margin !== undefined ||
          errors.dropout !== undefined
        }
      >
        <summary>More options</summary>
        <div class="fields">
          <SelectField
            label="Pairing"
            wide
            value={config.pairing}
            error={errors.pairing}
            onChange={(pairing) => onChange({ pairing })}
            hint={
              config.pairing === 'parameters'
                ? 'All arms of a seed have identical weights.'
                : 'Drawn as the study did: only W_query is shared.'
            }
            options={[
              { value: 'parameters', name: 'parameters' },
              { value: 'notebook', name: 'notebook' },
            ]}
          />
          <TextField label="Confidence" {...text('confidence')} />
          <TextField label="Margin" {...text('margin')} />
          <TextField label="Dropout" hint="Does nothing in eval mode" {...text('dropout')} />
        </div>
      </details>
    </div>
  )
}

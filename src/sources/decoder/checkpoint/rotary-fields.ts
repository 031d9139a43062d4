import type { Rotary, RotaryScaling } from '../architecture.ts'
import { UnsupportedModel } from '../unsupported.ts'
import { ConfigFields } from './config-fields.ts'
import type { FieldUse } from './config-fields.ts'
import { isObject } from './strict-json.ts'

/** Fields of config.json about rotary positions, in both spellings. */
export const rotaryFields: Readonly<Record<string, FieldUse>> = {
  rope_parameters: 'used',
  rope_scaling: 'used',
  rope_theta: 'used',
  partial_rotary_factor: 'used',
  rope_interleaved: { only: [false, null] },
}

/** Kinds of scaling, by what `rope_parameters` or `rope_scaling` may say with them. */
const membersOf: Readonly<Record<RotaryScaling['type'] | 'default', readonly string[]>> = {
  default: ['factor'],
  linear: ['factor'],
  llama3: ['factor', 'low_freq_factor', 'high_freq_factor', 'original_max_position_embeddings'],
  yarn: [
    'factor',
    'original_max_position_embeddings',
    'attention_factor',
    'beta_fast',
    'beta_slow',
    'mscale',
    'mscale_all_dim',
    'truncate',
  ],
}
const always = ['type', 'rope_type', 'rope_theta', 'partial_rotary_factor']

export interface RotaryDefaults {
  readonly headDim: number
  readonly contextLength: number
  /** Taken where the configuration says none. */
  readonly theta: number
  /** Share of each head that is turned, where the configuration says none; null: a share other than 1 is refused. */
  readonly share: number | null
}

/** A member of a configuration that is an object, or null where it says nothing. */
export function objectField(config: ConfigFields, name: string): Record<string, unknown> | null {
  const value = config.value(name)
  if (value === undefined) return null
  if (isObject(value)) return value
  throw new UnsupportedModel(`config.json: ${name} is not an object`)
}

/**
 * Rotary positions out of one object of parameters, as transformers reads them (modeling_rope_utils.py). `where` names
 * the object in reasons.
 */
export function readRotary(given: Record<string, unknown>, where: string, defaults: RotaryDefaults): Rotary {
  const fields = new ConfigFields(given)
  const type = fields.text(['rope_type', 'type'], 'default')
  if (!Object.hasOwn(membersOf, type))
    throw new UnsupportedModel(`config.json: ${where} has rope_type ${JSON.stringify(type)}, which is not supported`)
  const known = membersOf[type as keyof typeof membersOf]
  for (const name of Object.keys(given)) {
    if (!known.includes(name) && !always.includes(name))
      throw new UnsupportedModel(`config.json: ${where}.${name} is not known to this service for rope_type ${type}`)
  }
  const share = fields.positive(['partial_rotary_factor'], defaults.share ?? 1)
  if (share > 1 || (defaults.share === null && share !== 1))
    throw new UnsupportedModel(`config.json: partial_rotary_factor = ${share} is not supported here`)
  const dim = Math.trunc(defaults.headDim * share)
  if (dim < 2 || dim % 2 !== 0)
    throw new UnsupportedModel(`config.json: rotary positions of ${dim} entries a head, which is not an even number`)
  const theta = fields.positive(['rope_theta'], defaults.theta)
  return { dim, theta, scaling: readScaling(type as keyof typeof membersOf, fields, defaults.contextLength) }
}

function readScaling(
  type: RotaryScaling['type'] | 'default',
  fields: ConfigFields,
  contextLength: number,
): RotaryScaling | null {
  const originalContextLength = (): number => fields.positive(['original_max_position_embeddings'], contextLength)
  if (type === 'default') return null
  if (type === 'linear') return { type, factor: fields.positive(['factor']) }
  if (type === 'llama3')
    return {
      type,
      factor: fields.positive(['factor']),
      lowFrequencyFactor: fields.positive(['low_freq_factor']),
      highFrequencyFactor: fields.positive(['high_freq_factor']),
      originalContextLength: originalContextLength(),
    }
  const factor = fields.positive(['factor'], contextLength / originalContextLength())
  return {
    type,
    factor,
    originalContextLength: originalContextLength(),
    betaFast: fields.positive(['beta_fast'], 32),
    betaSlow: fields.positive(['beta_slow'], 1),
    truncate: fields.flag('truncate', true),
    attentionFactor: fields.optionalPositive('attention_factor') ?? yarnAttentionFactor(factor, fields),
  }
}

/** https://arxiv.org/abs/2309.00071, section 3.4 */
function yarnAttentionFactor(factor: number, fields: ConfigFields): number {
  const of = (mscale: number): number => (factor <= 1 ? 1 : 0.1 * mscale * Math.log(factor) + 1)
  const mscale = fields.optionalPositive('mscale')
  const allDim = fields.optionalPositive('mscale_all_dim')
  return mscale !== null && allDim !== null ? of(mscale) / of(allDim) : of(1)
}

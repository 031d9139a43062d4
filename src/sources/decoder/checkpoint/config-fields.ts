import { UnsupportedModel } from '../unsupported.ts'

/**
 * What becomes of a field of config.json that is about attention: it is `used`; it is `harmless`, because it says
 * nothing about what a trained model computes; or only some values are understood, and others are refused.
 */
export type FieldUse = 'used' | 'harmless' | { readonly only: readonly unknown[] }

/** Fields whose names match this are about attention. One that is not listed makes a model unsupported. */
export const aboutAttention = /attn|attention|head|rope|rotary|window|mask|cap|scal|position|sink|qk/i

const off = { only: [false, null] } as const

/** Fields of every family. */
export const commonFields: Readonly<Record<string, FieldUse>> = {
  attention_dropout: 'harmless',
  attention_probs_dropout_prob: 'harmless',
  attn_pdrop: 'harmless',
  output_attentions: 'harmless',
  attn_implementation: 'harmless',
  _attn_implementation: 'harmless',
  _attn_implementation_internal: 'harmless',
  _attn_implementation_autoset: 'harmless',
  mask_token_id: 'harmless',
  max_position_embeddings: 'used',
  num_attention_heads: 'used',
  pruned_heads: { only: [null] },
  add_cross_attention: off,
  cross_attention_hidden_size: { only: [null] },
  quantization_config: { only: [null] },
  auto_map: { only: [null] },
  is_encoder_decoder: off,
}

const largest = 2 ** 31 - 1

/** More layers than any model has: a configuration that says more is broken, or made to exhaust memory. */
const mostLayers = 1000

/** config.json, read with care: every value has the kind that is asked for, or the model is unsupported. */
export class ConfigFields {
  readonly #fields: Readonly<Record<string, unknown>>

  constructor(fields: Readonly<Record<string, unknown>>) {
    this.#fields = fields
  }

  /** Refuses fields about attention that `uses` does not list, and values that it does not take. */
  classify(uses: Readonly<Record<string, FieldUse>>): void {
    for (const [name, value] of Object.entries(this.#fields)) {
      const use = Object.hasOwn(uses, name)
        ? uses[name]!
        : Object.hasOwn(commonFields, name)
          ? commonFields[name]!
          : null
      if (use === null) {
        if (aboutAttention.test(name)) throw new UnsupportedModel(`config.json: ${name} is not known to this service`)
      } else if (typeof use === 'object' && !use.only.includes(value) && !isEmpty(value)) {
        throw new UnsupportedModel(`config.json: ${name} = ${shown(value)} is not supported`)
      }
    }
  }

  /** The first of these names that says something: neither left out nor null. */
  value(...names: string[]): unknown {
    for (const name of names)
      if (Object.hasOwn(this.#fields, name) && this.#fields[name] !== null) return this.#fields[name]
    return undefined
  }

  /** Whether a field is there and null, which is not the same as left out. */
  isNull(name: string): boolean {
    return Object.hasOwn(this.#fields, name) && this.#fields[name] === null
  }

  /** A whole number from 1. */
  count(names: readonly string[], fallback?: number): number {
    const value = this.value(...names) ?? fallback
    if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= largest) return value
    throw this.#wrong(names, value, 'a whole number from 1')
  }

  /** The number of layers. */
  layers(names: readonly string[], fallback?: number): number {
    const layers = this.count(names, fallback)
    if (layers <= mostLayers) return layers
    throw new UnsupportedModel(`config.json: ${layers} layers are more than the limit of ${mostLayers}`)
  }

  /** A finite number above 0. */
  positive(names: readonly string[], fallback?: number): number {
    const value = this.value(...names) ?? fallback
    if (typeof value === 'number' && Number.isFinite(value) && value > 0) return value
    throw this.#wrong(names, value, 'a number above 0')
  }

  /** A finite number above 0, or null where nothing is said. */
  optionalPositive(...names: string[]): number | null {
    return this.value(...names) === undefined ? null : this.positive(names)
  }

  flag(name: string, fallback: boolean): boolean {
    const value = this.value(name) ?? fallback
    if (typeof value === 'boolean') return value
    throw this.#wrong([name], value, 'true or false')
  }

  text(names: readonly string[], fallback?: string): string {
    const value = this.value(...names) ?? fallback
    if (typeof value === 'string') return value
    throw this.#wrong(names, value, 'text')
  }

  #wrong(names: readonly string[], value: unknown, wanted: string): UnsupportedModel {
    const said = value === undefined ? 'is missing' : `is ${shown(value)}`
    return new UnsupportedModel(`config.json: ${names.join(' or ')} ${said}; it must be ${wanted}`)
  }
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 80 ? `${text.slice(0, 80)}...` : text
}

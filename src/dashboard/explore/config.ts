import type { Kind } from '../api/client.ts'
import { tokenize } from './tokens.ts'

export const kinds: readonly { readonly kind: Kind; readonly name: string; readonly note: string }[] = [
  { kind: 'causal', name: 'Causal', note: 'CausalSelfAttention: one head.' },
  {
    kind: 'multi-head-wrapper',
    name: 'Wrapper',
    note: 'MultiHeadAttentionWrapper: independent heads side by side; d_out is per head.',
  },
  {
    kind: 'multi-head',
    name: 'Multi-head',
    note: 'MultiHeadAttention: heads share their projections; d_out is divided among them.',
  },
]

/** The form as it is typed: text, so that the service itself says what is wrong with it. */
export interface Config {
  readonly kind: Kind
  readonly d_in: string
  readonly d_out: string
  readonly num_heads: string
  readonly context_length: string
  readonly dropout: string
  readonly qkv_bias: string
  readonly out_proj: string
  readonly seed: string
  readonly batch: string
  readonly seq_len: string
  readonly input_seed: string
  readonly advance: string
  readonly mode: string
  readonly engine: string
  readonly sentence: string
  /** JSON of the input's values; empty: drawn. */
  readonly values: string
}

/** The source study's two-head run, which the page opens with. */
export const defaultConfig: Config = {
  kind: 'multi-head',
  d_in: '4',
  d_out: '4',
  num_heads: '2',
  context_length: '',
  dropout: '0.1',
  qkv_bias: 'false',
  out_proj: 'true',
  seed: '42',
  batch: '5',
  seq_len: '6',
  input_seed: '42',
  advance: '960',
  mode: 'eval',
  engine: '',
  sentence: '',
  values: '',
}

/** A field of the form as JSON: a number where it is one, what was typed otherwise, nothing where it is empty. */
export function fieldValue(text: string): unknown {
  const trimmed = text.trim()
  if (trimmed === '') return undefined
  return Number.isFinite(Number(trimmed)) ? Number(trimmed) : trimmed
}

/** The labels of a config's sentence, or null. */
export function tokensOf(config: Config): string[] | null {
  return config.sentence.trim() === '' ? null : tokenize(config.sentence)
}

/** How many positions the input has, as typed. */
export function seqLenOf(config: Config): string {
  const tokens = config.values.trim() === '' ? tokensOf(config) : null
  return tokens === null ? config.seq_len : String(tokens.length)
}

export type Body = Readonly<Record<string, unknown>> & {
  readonly model: Readonly<Record<string, unknown>>
  readonly input: unknown
}

/** The request that a config is; members that are empty or the service's defaults are left out. */
export function requestBody(config: Config): Body {
  const { kind } = config
  const tokens = tokensOf(config)
  return clean({
    model: clean({
      d_in: fieldValue(config.d_in),
      d_out: fieldValue(config.d_out),
      num_heads: kind === 'causal' ? undefined : fieldValue(config.num_heads),
      context_length: fieldValue(config.context_length),
      dropout: unlessDefault(fieldValue(config.dropout), 0),
      qkv_bias: config.qkv_bias === 'true' ? true : undefined,
      out_proj: kind === 'multi-head-wrapper' && config.out_proj === 'false' ? false : undefined,
      seed: fieldValue(config.seed),
    }),
    input: inputOf(config),
    mode: unlessDefault(config.mode, 'eval'),
    engine: fieldValue(config.engine),
    tokens: tokens ?? undefined,
  }) as unknown as Body
}

function inputOf(config: Config): unknown {
  if (config.values.trim() !== '') return { values: parsedValues(config.values) }
  return clean({
    randn: [fieldValue(config.batch), fieldValue(seqLenOf(config)), fieldValue(config.d_in)],
    seed: fieldValue(config.input_seed),
    advance: unlessDefault(fieldValue(config.advance), 0),
  })
}

/** What is no JSON goes to the service as text, which says what it wants instead. */
function parsedValues(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function unlessDefault(value: unknown, fallback: unknown): unknown {
  return value === fallback ? undefined : value
}

function clean(object: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined))
}

/** Where each field's value goes in the request, as a JSON pointer; the longest that fits tells whose error it is. */
const pointers: readonly (readonly [pointer: string, field: keyof Config])[] = [
  ['/model/d_in', 'd_in'],
  ['/model/d_out', 'd_out'],
  ['/model/num_heads', 'num_heads'],
  ['/model/context_length', 'context_length'],
  ['/model/dropout', 'dropout'],
  ['/model/qkv_bias', 'qkv_bias'],
  ['/model/out_proj', 'out_proj'],
  ['/model/seed', 'seed'],
  ['/input/randn/0', 'batch'],
  ['/input/randn/1', 'seq_len'],
  ['/input/randn/2', 'd_in'],
  ['/input/randn', 'seq_len'],
  ['/input/seed', 'input_seed'],
  ['/input/advance', 'advance'],
  ['/input/values', 'values'],
  ['/mode', 'mode'],
  ['/engine', 'engine'],
  ['/tokens', 'sentence'],
]

/** The field that a place of the request came from. */
export function fieldAt(path: string): keyof Config | null {
  return pointers.find(([pointer]) => path === pointer || path.startsWith(`${pointer}/`))?.[1] ?? null
}

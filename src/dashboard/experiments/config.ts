import { fieldValue } from '../explore/config.ts'
import type { Report } from './report-types.ts'

export const experiments = ['bias', 'heads'] as const
export type Experiment = (typeof experiments)[number]
export const armNames = ['none', 'q', 'k', 'v', 'qkv'] as const

/** The form as it is typed. */
export interface ExperimentConfig {
  readonly experiment: Experiment
  readonly d_in: string
  readonly d_out: string
  readonly dropout: string
  /** heads: `2, 4` */
  readonly num_heads: string
  readonly batch: string
  readonly seq_len: string
  readonly first: string
  readonly count: string
  /** Seeds one by one instead of a range. */
  readonly list: string
  readonly arms: string
  readonly pairing: string
  readonly confidence: string
  readonly margin: string
}

const common = {
  dropout: '0.1',
  first: '0',
  count: '400',
  list: '',
  arms: armNames.join(','),
  pairing: 'parameters',
  confidence: '0.95',
  margin: '0.05',
  batch: '5',
  num_heads: '2, 4',
}

/** The source study's own configurations, which an empty request asks for. */
export const defaults: Readonly<Record<Experiment, ExperimentConfig>> = {
  bias: { ...common, experiment: 'bias', d_in: '20', d_out: '16', seq_len: '8' },
  heads: { ...common, experiment: 'heads', d_in: '4', d_out: '4', seq_len: '6' },
}

const fields = Object.keys(defaults.bias) as (keyof ExperimentConfig)[]

export function configFrom(params: URLSearchParams): ExperimentConfig {
  const experiment = experiments.find((name) => name === params.get('experiment')) ?? 'bias'
  const base = defaults[experiment]
  return {
    ...Object.fromEntries(fields.map((field) => [field, params.get(field) ?? base[field]])),
    experiment,
  } as ExperimentConfig
}

/** The form of a report: what was asked for, with every default filled in. */
export function configOfReport({
  experiment,
  config: { model, input, seeds, arms, pairing, confidence, margin },
}: Pick<Report, 'experiment' | 'config'>): ExperimentConfig {
  const base = defaults[experiment]
  const { d_in, d_out, dropout, num_heads } = model
  const [batch, seq_len] = 'values' in input ? input.values.shape : [input.batch, input.seq_len]
  const given = {
    d_in,
    d_out,
    dropout,
    num_heads: num_heads?.join(', '),
    batch,
    seq_len,
    ...('list' in seeds ? { list: seeds.list.join(', ') } : seeds),
    arms: arms?.join(','),
    pairing,
    confidence,
    margin,
  }
  const typed = Object.entries(given)
    .filter(([, value]) => value !== undefined)
    .map(([field, value]) => [field, String(value)])
  return { ...base, ...(Object.fromEntries(typed) as Partial<ExperimentConfig>) }
}

export function paramsOf(config: ExperimentConfig): URLSearchParams {
  const params = new URLSearchParams({ experiment: config.experiment })
  for (const field of fields) if (config[field] !== defaults[config.experiment][field]) params.set(field, config[field])
  return params
}

function listOf(text: string): unknown[] {
  return text
    .split(/[\s,]+/)
    .filter((part) => part !== '')
    .map(fieldValue)
}

/** The request; what is the service's default is left out. */
export function experimentBody(config: ExperimentConfig): Readonly<Record<string, unknown>> {
  const base = defaults[config.experiment]
  const changed = (names: readonly (keyof ExperimentConfig)[], value: unknown): unknown =>
    names.some((name) => config[name] !== base[name]) ? value : undefined
  const value = (name: keyof ExperimentConfig): unknown => changed([name], fieldValue(config[name]))
  return (
    withoutEmpty({
      model: withoutEmpty({
        d_in: value('d_in'),
        d_out: value('d_out'),
        dropout: value('dropout'),
        num_heads: config.experiment === 'heads' ? changed(['num_heads'], listOf(config.num_heads)) : undefined,
      }),
      input: withoutEmpty({ batch: value('batch'), seq_len: value('seq_len') }),
      seeds:
        config.list.trim() !== ''
          ? { list: listOf(config.list) }
          : withoutEmpty({ first: value('first'), count: value('count') }),
      arms: config.experiment === 'bias' ? changed(['arms'], listOf(config.arms)) : undefined,
      pairing: value('pairing'),
      confidence: value('confidence'),
      margin: value('margin'),
    }) ?? {}
  )
}

function withoutEmpty(object: Readonly<Record<string, unknown>>): Record<string, unknown> | undefined {
  const entries = Object.entries(object).filter(([, value]) => value !== undefined)
  return entries.length === 0 ? undefined : Object.fromEntries(entries)
}

/** The same request over so few seeds that asking whether it is valid costs next to nothing. */
export function probeBody(config: ExperimentConfig): Readonly<Record<string, unknown>> {
  const many = config.list.trim() === '' && Number.isInteger(Number(config.count)) && Number(config.count) > 2
  return experimentBody(many ? { ...config, count: '2' } : config)
}

/**
 * Weights of all seeds above which an experiment takes longer than a person likes to look at nothing: a few seconds.
 */
const longWork = 500_000

/** Whether to run it as a job, with progress, rather than in one call, which is quicker for a short one. */
export function isLong(config: ExperimentConfig): boolean {
  const seeds = config.list.trim() === '' ? Number(config.count) : listOf(config.list).length
  return seeds * Number(config.batch) * Number(config.seq_len) ** 2 > longWork
}

const pointers: readonly (readonly [pointer: string, field: keyof ExperimentConfig])[] = [
  ['/model/d_in', 'd_in'],
  ['/model/d_out', 'd_out'],
  ['/model/dropout', 'dropout'],
  ['/model/num_heads', 'num_heads'],
  ['/input/batch', 'batch'],
  ['/input/seq_len', 'seq_len'],
  ['/seeds/first', 'first'],
  ['/seeds/count', 'count'],
  ['/seeds/list', 'list'],
  ['/seeds', 'count'],
  ['/arms', 'arms'],
  ['/pairing', 'pairing'],
  ['/confidence', 'confidence'],
  ['/margin', 'margin'],
]

export function experimentFieldAt(path: string): keyof ExperimentConfig | null {
  return pointers.find(([pointer]) => path === pointer || path.startsWith(`${pointer}/`))?.[1] ?? null
}

export type ExperimentErrors = Readonly<Partial<Record<keyof ExperimentConfig, string>>>

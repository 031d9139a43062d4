/** The report's shape (an answer of POST /experiments/...), as far as the page shows it. */
export type Value = number | null
export type Interval = readonly [Value, Value] | null
export type Verdict = 'supported' | 'refuted' | 'not_distinguishable'

export interface StatisticSummary {
  readonly mean: Value
  readonly sd: Value
  readonly confidence_interval: Interval
}
export interface Claim {
  readonly id: string
  readonly statement: string
  readonly verdict: Verdict
  readonly statistic: string
  readonly effect: Value
  readonly confidence_interval: Interval
  readonly evidence: string
}
export interface Comparison {
  readonly arm: string
  readonly baseline: string
  readonly statistic: string
  readonly mean_difference: Value
  readonly confidence_interval: Interval
  readonly effect_size_dz: Value
  readonly share_positive: Value
  readonly seeds_for_80_percent_power: Value
}
export interface Report {
  readonly experiment: 'bias' | 'heads'
  readonly seeds: { readonly count: number }
  readonly config: {
    readonly model: {
      readonly d_in: number
      readonly d_out: number
      readonly dropout: number
      readonly num_heads?: readonly number[]
    }
    readonly input:
      | { readonly batch: number; readonly seq_len: number }
      | { readonly values: { readonly shape: readonly [number, number, number] } }
    readonly seeds: { readonly first: number; readonly count: number } | { readonly list: readonly number[] }
    readonly arms?: readonly string[]
    readonly pairing: string
    readonly confidence: number
    readonly margin: number
  }
  readonly arms: readonly { readonly name: string; readonly statistics: Readonly<Record<string, StatisticSummary>> }[]
  readonly comparisons: readonly Comparison[]
  readonly similarity?: Readonly<
    Record<
      string,
      StatisticSummary & {
        readonly null: { readonly draws?: number; readonly mean: Value; readonly sd: Value; readonly percentile: Value }
      }
    >
  >
  readonly claims: readonly Claim[]
  readonly invariants: readonly {
    readonly id: string
    readonly statement?: string
    readonly max_deviation: number
    readonly tolerance: number
    readonly holds: boolean
  }[]
  readonly notebook: Readonly<Record<string, unknown>>
  readonly cautions: readonly string[]
  readonly engine: { readonly name?: string; readonly device?: string }
}

export type JobState = 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled'
export interface Job {
  readonly id: string
  readonly kind: string
  readonly state: JobState
  readonly progress: { readonly done: number; readonly total: number }
  readonly created_at: string
}

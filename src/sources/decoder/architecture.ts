/** A tensor that a model needs, by its name in the checkpoint. */
export interface Parameter {
  readonly name: string
  /** As it is served. */
  readonly shape: readonly number[]
  /** Whether the checkpoint keeps this matrix transposed. */
  readonly transposed?: boolean
}

/** y = x W^T + b, as PyTorch's Linear keeps it. */
export interface Linear {
  /** (outputs, inputs) */
  readonly weight: Parameter
  /** (outputs), or null */
  readonly bias: Parameter | null
  readonly inputs: number
  readonly outputs: number
}

/** LayerNorm, or a division by the root mean square. */
export interface Norm {
  readonly kind: 'layer' | 'rms'
  readonly weight: Parameter
  /** Null without, and for `rms`. */
  readonly bias: Parameter | null
  readonly epsilon: number
  /** Whether it multiplies by 1 + weight, as Gemma does. */
  readonly plusOne: boolean
}

export type Activation = 'gelu' | 'gelu_tanh' | 'silu' | 'relu'

/** How frequencies are changed for longer texts than a model was first trained on. */
export type RotaryScaling =
  | { readonly type: 'linear'; readonly factor: number }
  | {
      readonly type: 'llama3'
      readonly factor: number
      readonly lowFrequencyFactor: number
      readonly highFrequencyFactor: number
      readonly originalContextLength: number
    }
  | {
      readonly type: 'yarn'
      readonly factor: number
      readonly originalContextLength: number
      readonly betaFast: number
      readonly betaSlow: number
      readonly truncate: boolean
      /** What cosines and sines are multiplied by. */
      readonly attentionFactor: number
    }

/** Rotary positions of a layer: pairs (i, i + dim / 2) of the first `dim` entries of each head are turned. */
export interface Rotary {
  readonly dim: number
  readonly theta: number
  readonly scaling: RotaryScaling | null
}

/** Queries, keys and values: three matrices, or one with the three of them in it. */
export type Projections =
  | { readonly kind: 'separate'; readonly query: Linear; readonly key: Linear; readonly value: Linear }
  /** `stacked`: all queries, all keys, all values; `by_head`: query, key and value of one head after the other. */
  | { readonly kind: 'fused'; readonly linear: Linear; readonly order: 'stacked' | 'by_head' }

/** One layer's attention: the rule by which queries meet keys. */
export interface AttentionRule {
  readonly heads: number
  /** Divides `heads`; query head h reads key-value head floor(h * keyValueHeads / heads). */
  readonly keyValueHeads: number
  readonly headDim: number
  /** Scores are q . k times this. */
  readonly scale: number
  /** Query i sees the keys j <= i; without, all of them. */
  readonly causal: boolean
  /** Query i sees the keys j > i - window; null: from the first. It counts the query itself. */
  readonly window: number | null
  /** Scores become c tanh(s / c); null: as they are. */
  readonly softCap: number | null
}

/** What comes after attention: a projection with an activation between, gated or not. */
export interface FeedForward {
  readonly activation: Activation
  /** Null where nothing is gated. */
  readonly gate: Linear | null
  readonly up: Linear
  readonly down: Linear
}

/**
 * One layer. With x coming in:
 *   h = inputNorm(x), a = attentionOutputNorm(output(attention(h)))
 *   parallel: x + a + feedForward(feedForwardNorm(x))
 *   else: y = residualNorm(x + a), f = feedForwardOutputNorm(feedForward(feedForwardNorm(y))), outputNorm(y + f)
 * A norm that is null does nothing.
 */
export interface LayerArchitecture {
  readonly inputNorm: Norm | null
  readonly projections: Projections
  /** Over each head by itself, before rotary positions. */
  readonly queryNorm: Norm | null
  readonly keyNorm: Norm | null
  readonly rotary: Rotary | null
  readonly attention: AttentionRule
  readonly output: Linear
  readonly attentionOutputNorm: Norm | null
  readonly residualNorm: Norm | null
  readonly parallel: boolean
  readonly feedForwardNorm: Norm | null
  readonly feedForward: FeedForward
  readonly feedForwardOutputNorm: Norm | null
  readonly outputNorm: Norm | null
}

/** Everything that has to be known of a model to compute it; a family makes it of a configuration. */
export interface Architecture {
  readonly family: string
  readonly width: number
  readonly contextLength: number
  readonly vocabulary: number
  readonly embedding: {
    readonly tokens: Parameter
    /** Learned positions, added. */
    readonly positions: Parameter | null
    /** Of two kinds of text; all tokens are of kind 0. */
    readonly tokenTypes: Parameter | null
    readonly scale: number | null
    readonly norm: Norm | null
  }
  readonly layers: readonly LayerArchitecture[]
  readonly finalNorm: Norm | null
  /** Logits of the next token; null for an encoder, and for a checkpoint without a head. */
  readonly head: { readonly linear: Linear; readonly softCap: number | null } | null
}

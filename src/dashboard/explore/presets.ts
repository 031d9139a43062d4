import { defaultConfig } from './config.ts'
import type { Config } from './config.ts'

export interface Preset {
  readonly id: string
  readonly name: string
  readonly note: string
  readonly a: Config
  readonly b: Config | null
}

/** Part 1 of the source study: CausalSelfAttention(20, 16, 8, dropout 0.1) on randn(5, 8, 20). */
const bias: Config = { ...defaultConfig, kind: 'causal', d_in: '20', d_out: '16', seq_len: '8', advance: '0' }
/** Part 2: MultiHeadAttention(4, 4, 6, dropout 0.1), its input drawn after the 960 parameters of part 1. */
const heads: Config = defaultConfig

/** The embeddings of chapter 3 of LLMs from Scratch. */
const book: Config = {
  ...defaultConfig,
  d_in: '3',
  d_out: '2',
  dropout: '0',
  seed: '123',
  advance: '0',
  sentence: 'Your journey starts with one step',
  values: '[[0.43,0.15,0.89],[0.55,0.87,0.66],[0.57,0.85,0.64],[0.22,0.58,0.33],[0.77,0.25,0.10],[0.05,0.80,0.55]]',
}

export const presets: readonly Preset[] = [
  { id: 'bias-off', name: 'Study: without bias', note: 'Causal, d_in 20, d_out 16, T 8', a: bias, b: null },
  {
    id: 'bias-on',
    name: 'Study: with bias',
    note: 'The same with qkv_bias',
    a: { ...bias, qkv_bias: 'true' },
    b: null,
  },
  {
    id: 'bias-both',
    name: 'Study: bias off and on',
    note: 'Both, and their difference',
    a: bias,
    b: { ...bias, qkv_bias: 'true' },
  },
  { id: 'heads-2', name: 'Study: 2 heads', note: 'Multi-head, d 4, T 6', a: heads, b: null },
  {
    id: 'heads-4',
    name: 'Study: 4 heads',
    note: 'The same with 4 heads of dimension 1',
    a: { ...heads, num_heads: '4' },
    b: null,
  },
  {
    id: 'heads-both',
    name: 'Study: 2 and 4 heads',
    note: 'Both, and their difference',
    a: heads,
    b: { ...heads, num_heads: '4' },
  },
  {
    id: 'book',
    name: 'A sentence',
    note: '\u201cYour journey starts with one step\u201d, the book\u2019s embeddings',
    a: book,
    b: null,
  },
  {
    id: 'large',
    name: '12 heads, 1024 positions',
    note: 'The size of GPT-2 small',
    a: {
      ...defaultConfig,
      d_in: '768',
      d_out: '768',
      num_heads: '12',
      batch: '1',
      seq_len: '1024',
      dropout: '0',
      advance: '0',
    },
    b: null,
  },
]

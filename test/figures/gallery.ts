import { experimentFigure } from '../../src/figures/index.ts'
import type { PlainSelection, SeedValues, VegaLiteSpec } from '../../src/figures/index.ts'
import type { Report } from '../../src/experiments/report.ts'
import { biasReport, headsReport, onePositionReport, oneSeedReport, someSeeds } from './reports.ts'
import { figureOf, scaledInput } from './results.ts'
import type { Asked } from './results.ts'

/** A figure that is example, test and picture of the gallery at once. */
export interface GalleryFigure {
  readonly name: string
  /** Whether its rounded specification is kept under `golden/`; those of many cells are not. */
  readonly golden: boolean
  readonly spec: () => Promise<VegaLiteSpec>
}

const sentence = ['Your', 'journey', 'starts', 'with', 'one', 'step', 'and', 'one']
/** Escapes, directions, emoji, spaces, controls, length: what a tokenizer can hand over. */
const awkward = [
  '<b>&"\'',
  ' journey',
  '\u05e9\u05dc\u05d5\u05dd',
  '\u0645\u0631\u062d\u0628\u0627',
  '\u{1f469}\u200d\u{1f469}\u200d\u{1f467}',
  '\u{1f600}\u{1f1e9}\u{1f1ea}',
  '\u202egnp.exe',
  'antidisestablishmentarianism',
  '',
  '\n',
  'one',
  'one',
]
const twelve = { dIn: 48, dOut: 48, numHeads: 12 } as const

function figure(name: string, golden: boolean, asked: Asked, plain: PlainSelection = {}): GalleryFigure {
  return { name, golden, spec: () => figureOf(plain, asked) }
}

export const attentionGallery: readonly GalleryFigure[] = [
  figure('weights-study-causal', true, { spec: { kind: 'causal', numHeads: 1, outProj: false } }),
  figure('weights-two-heads', true, {}),
  figure('weights-tokens', true, { tokens: sentence, input: scaledInput([1, 8, 20], 3) }),
  figure('weights-awkward-tokens', true, {
    tokens: awkward,
    spec: { contextLength: 12 },
    input: scaledInput([1, 12, 20], 3),
  }),
  figure('weights-one-position', true, {
    spec: { contextLength: 1 },
    input: { randn: [1, 1, 20], seed: 42, advance: 0 },
  }),
  figure(
    'weights-one-head-of-twelve',
    true,
    { spec: twelve, input: scaledInput([2, 8, 48], 3) },
    { head: '11', item: '1' },
  ),
  figure('weights-twelve-heads', false, { spec: twelve, input: scaledInput([1, 8, 48], 3) }),
  figure('weights-twelve-heads-64', false, {
    spec: { ...twelve, contextLength: 64 },
    input: scaledInput([1, 64, 48], 3),
  }),
  figure('weights-tokens-64', false, {
    spec: { contextLength: 64 },
    tokens: Array.from({ length: 64 }, (_, i) => sentence[i % 8]!),
    input: scaledInput([1, 64, 20], 3),
  }),
  figure(
    'weights-window',
    true,
    { spec: { contextLength: 64 }, input: scaledInput([1, 64, 20], 3) },
    { head: '0', rows: '40-47', keys: '36-47' },
  ),
  figure('weights-200', false, {
    spec: { kind: 'causal', numHeads: 1, outProj: false, contextLength: 200 },
    input: scaledInput([1, 200, 20], 3),
  }),
  figure('weights-1024-pooled', false, { spec: { contextLength: 1024 }, input: scaledInput([1, 1024, 20], 3) }),
  figure('weights-twelve-heads-1024-pooled', false, {
    spec: { ...twelve, contextLength: 1024 },
    input: scaledInput([1, 1024, 48], 3),
  }),
  figure('weights-96-heads', false, {
    spec: { dIn: 96, dOut: 96, numHeads: 96, contextLength: 32 },
    input: scaledInput([1, 32, 96], 3),
  }),
  figure(
    'weights-rows-of-1024',
    false,
    { spec: { contextLength: 1024 }, input: scaledInput([1, 1024, 20], 3) },
    { head: '1', rows: '1020-1023' },
  ),
  figure('scores-two-heads', true, { tokens: sentence, input: scaledInput([1, 8, 20], 1) }, { figure: 'scores' }),
  figure('scores-64', false, { spec: { contextLength: 64 }, input: scaledInput([1, 64, 20], 3) }, { figure: 'scores' }),
  figure('scores-all-equal', true, { input: scaledInput([1, 3, 20], 0) }, { figure: 'scores' }),
  figure('context', true, { tokens: sentence }, { figure: 'context', item: '4' }),
  figure(
    'context-pooled',
    false,
    {
      spec: { dIn: 64, dOut: 768, numHeads: 12, contextLength: 300 },
      input: { randn: [1, 300, 64], seed: 42, advance: 0 },
    },
    { figure: 'context' },
  ),
  figure(
    'context-of-zero',
    true,
    { input: scaledInput([1, 2, 20], 0), spec: { kind: 'causal', numHeads: 1, dOut: 3, outProj: false } },
    { figure: 'context' },
  ),
  figure('statistics', true, {}, { figure: 'statistics' }),
  figure(
    'statistics-one-item',
    true,
    { spec: { kind: 'causal', numHeads: 1, outProj: false } },
    { figure: 'statistics', item: '0' },
  ),
  figure(
    'statistics-twelve-heads',
    false,
    { spec: twelve, input: scaledInput([2, 8, 48], 3) },
    { figure: 'statistics' },
  ),
  figure(
    'statistics-one-position',
    true,
    { spec: { contextLength: 1 }, input: { randn: [1, 1, 20], seed: 42, advance: 0 } },
    { figure: 'statistics' },
  ),
  figure('similarity', true, {}, { figure: 'similarity' }),
  figure(
    'similarity-twelve-heads',
    false,
    { spec: twelve, input: scaledInput([1, 8, 48], 3) },
    { figure: 'similarity' },
  ),
  figure(
    'similarity-undefined',
    true,
    { spec: { contextLength: 1 }, input: { randn: [1, 1, 20], seed: 42, advance: 0 } },
    { figure: 'similarity' },
  ),
]

function experiment(name: string, report: Report, seeds: SeedValues | null): GalleryFigure {
  return { name, golden: true, spec: () => Promise.resolve(experimentFigure(report, seeds)) }
}

export const experimentGallery: readonly GalleryFigure[] = [
  experiment('experiment-bias', biasReport, someSeeds(400)),
  experiment('experiment-heads', headsReport, null),
  experiment('experiment-one-seed', oneSeedReport, someSeeds(1)),
  experiment('experiment-one-position', onePositionReport, { of: () => new Float64Array([NaN, NaN]) }),
]

export const gallery: readonly GalleryFigure[] = [...attentionGallery, ...experimentGallery]

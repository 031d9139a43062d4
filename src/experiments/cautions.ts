import { countSeeds, inputSize } from './config.ts'
import type { BiasConfig } from './bias/config.ts'
import type { ExperimentConfig } from './config.ts'
import type { HeadsConfig } from './heads/config.ts'
import type { Invariant } from './report.ts'
import { percent, seedWords } from './words.ts'

const fewSeeds = 30

const always = [
  'Untrained weights show initialisation, not learning: nothing here says what a trained model would do.',
  'Attention is not explanation (Jain and Wallace 2019; Wiegreffe and Pinter 2019): a weight does not say what an output came from.',
]

/** What a reader must know before believing a report on the bias. */
export function biasCautions(config: BiasConfig, invariants: readonly Invariant[]): string[] {
  const notebook =
    config.pairing === 'notebook'
      ? [
          'With the pairing "notebook" only W_query is the same in every arm: drawing a bias moves the generator, so W_key and W_value differ, and the differences hold that as well as the bias.',
          ...('values' in config.input
            ? []
            : [
                'With the pairing "notebook" the input and the first weights are made of the same random numbers, since both follow manual_seed(seed): input and weights are not independent, as they were not in the study.',
              ]),
        ]
      : []
  return [...always, ...notebook, ...common(config, invariants)]
}

/** The same of a report on the heads. */
export function headsCautions(config: HeadsConfig, invariants: readonly Invariant[]): string[] {
  return [
    ...always,
    'At fixed d_out more heads are narrower heads; the arms at the first head_dim keep the width of a head and let d_out grow instead. Compare all three before blaming the number of heads.',
    'Distance from uniform attention says how much a head picks among keys, not whether it picks well.',
    'Causal maps share their zeros and their 1/(i+1) row profile, so their full-map Pearson correlation is high for any two heads: judge it against its null, or use the row-centered one.',
    ...common(config, invariants),
  ]
}

function common(config: ExperimentConfig, invariants: readonly Invariant[]): string[] {
  const seeds = countSeeds(config.seeds)
  const { seqLen } = inputSize(config.input)
  const missed = percent(1 - config.confidence)
  const failed = invariants.filter(({ holds }) => !holds).map(({ id }) => id)
  return [
    ...(failed.length > 0 ? [`What must hold exactly does not: ${failed.join(', ')}. Do not trust this run.`] : []),
    ...(seqLen < 2
      ? ['At a sequence length of 1 no row can attend to more than one key, so every statistic of the weights is null.']
      : []),
    ...(seeds < fewSeeds
      ? [
          `${seedWords(seeds)[0]!.toUpperCase()}${seedWords(seeds).slice(1)}: an effect that is real may go unseen; seeds_for_80_percent_power says how many would do.`,
        ]
      : []),
    ...('values' in config.input
      ? [
          'The input was given and held fixed: the intervals say what other weights would do on this input, not on others.',
        ]
      : []),
    'distance, previous_token, first_token and diagonal are not 0 under uniform attention: hold them against another arm, not against 0.',
    `Each interval misses in ${missed} of experiments, and this report has many: an effect that no claim asked for, seen in one of them, is a question for new seeds.`,
  ]
}

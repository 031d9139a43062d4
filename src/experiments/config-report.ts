import type { ExperimentConfig } from './config.ts'

/** The request with every default filled in; of given values the shape. */
export function configReport(config: ExperimentConfig): Record<string, unknown> {
  const { dIn, dOut, dropout, input, seeds, pairing, confidence, margin } = config
  return {
    model: { dIn, dOut, dropout, ...(config.experiment === 'heads' ? { numHeads: config.numHeads } : {}) },
    input: 'values' in input ? { values: { shape: input.values.shape } } : { batch: input.batch, seqLen: input.seqLen },
    seeds,
    ...(config.experiment === 'bias' ? { arms: config.arms } : {}),
    pairing,
    confidence,
    margin,
  }
}

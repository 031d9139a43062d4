import type { ExperimentConfig } from './config.ts'

/** The request with every default filled in; of given values the shape. `own`: what only this experiment has. */
export function configReport(
  config: ExperimentConfig,
  { model, ...members }: { readonly model: Readonly<Record<string, unknown>>; readonly [member: string]: unknown },
): Record<string, unknown> {
  const { dIn, dOut, dropout, input, seeds, pairing, confidence, margin } = config
  return {
    model: { dIn, dOut, dropout, ...model },
    input: 'values' in input ? { values: { shape: input.values.shape } } : { batch: input.batch, seqLen: input.seqLen },
    seeds,
    ...members,
    pairing,
    confidence,
    margin,
  }
}

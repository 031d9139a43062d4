import { compute } from '../../src/attention/compute.ts'
import { returnNames } from '../../src/attention/request.ts'
import type { AttentionRequest, InputSource, ReturnName } from '../../src/attention/request.ts'
import type { AttentionResult } from '../../src/attention/result.ts'
import { referenceEngine } from '../../src/engines/reference/index.ts'
import { Engines } from '../../src/engines/select.ts'
import type { ModelSpec } from '../../src/sources/chapter-3/spec.ts'
import { drawInput } from '../../src/sources/input.ts'

const reference = referenceEngine('test')
const engines = new Engines([reference], reference, reference, [])

/** A request with the study's defaults where nothing else is said. */
export function request(
  more: Partial<Omit<AttentionRequest, 'spec'>> & { spec?: Partial<ModelSpec> } = {},
): AttentionRequest {
  const { spec, ...rest } = more
  return {
    spec: {
      kind: 'multi-head',
      dIn: 20,
      dOut: 16,
      contextLength: 8,
      numHeads: 2,
      dropout: 0,
      qkvBias: false,
      outProj: true,
      ...spec,
    },
    parameters: { seed: 42 },
    input: { randn: [5, 8, 20], seed: 42, advance: 0 },
    mode: 'eval',
    engine: undefined,
    returns: new Set<ReturnName>(returnNames),
    heads: null,
    rows: null,
    tensorFormat: 'nested',
    tokens: null,
    ...rest,
  }
}

/** Input of which every value is `scale` times a draw: a large scale makes untrained attention choose. */
export function scaledInput(shape: readonly [number, number, number], scale: number, seed = 42): InputSource {
  const { data } = drawInput(shape, seed, 0)
  return { values: { shape, data: data.map((value) => scale * value) } }
}

/**
 * The reference engine's answer, with everything that a figure can need (similarity only where there are heads to
 * compare).
 */
export function resultOf(more: Parameters<typeof request>[0] = {}): Promise<AttentionResult> {
  const asked = request(more)
  const returns = new Set<ReturnName>(asked.returns)
  if (asked.spec.numHeads < 2) returns.delete('similarity')
  return compute({ ...asked, returns }, engines)
}

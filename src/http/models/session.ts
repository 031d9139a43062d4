import type { FastifyRequest } from 'fastify'
import type { Deadline } from '../../admission/deadline.ts'
import type { AttentionResult } from '../../attention/result.ts'
import type { EngineName } from '../../engines/engine.ts'
import type { OpenModel } from '../../models/open-model.ts'
import type { Computing } from '../admit.ts'

/** Each layer is computed in a turn of its own, so that a slow reader holds nobody up. Times add up in the request's. */
export async function* inTurns(
  computing: Computing,
  layers: AsyncGenerator<AttentionResult>,
  request: FastifyRequest,
  deadline: Deadline,
): AsyncGenerator<AttentionResult> {
  const total = { ...request.timing }
  for (;;) {
    const timing = { queueMs: 0, computeMs: 0 }
    const next = await computing.turns.run(deadline, timing, () => {
      deadline.throwIfOver()
      return layers.next()
    })
    total.queueMs += timing.queueMs
    total.computeMs += timing.computeMs
    Object.assign(request.timing, total)
    if (next.done === true) return
    yield next.value
  }
}

/** The model is computed in float64 where the layers are. */
export function backboneOf(engine: EngineName | undefined): 'reference' | 'onnxruntime' {
  return engine === 'reference' ? 'reference' : 'onnxruntime'
}

/** What an answer says of the model that it is about. */
export function wireIdentity({ id, sha256, architecture, backbone }: OpenModel): Record<string, unknown> {
  return {
    id,
    family: architecture.family,
    sha256,
    layers: architecture.layers.length,
    heads: architecture.layers[0]!.attention.heads,
    width: architecture.width,
    context_length: architecture.contextLength,
    backbone,
  }
}

import type { Engines } from '../engines/select.ts'
import type { Wanted } from '../engines/engine.ts'
import { buildInput } from '../models/input.ts'
import { drawDropoutMask, givenModel } from '../models/build.ts'
import type { Model } from '../models/build.ts'
import { cachedModel } from '../models/model-cache.ts'
import { attentionProblem } from '../models/problem.ts'
import { headDim, outputDim } from '../models/spec.ts'
import { contextStatistics } from '../statistics/context-statistics.ts'
import { similarityOf } from '../statistics/similarity.ts'
import { checksOf, headStatistics, uniformStatistics } from '../statistics/summary.ts'
import { inputShape } from './request.ts'
import type { AttentionRequest, ReturnName } from './request.ts'
import type { AttentionResult, Summary } from './result.ts'

/** The way of a request below HTTP: parameters, input, mask -> one problem -> engine -> statistics. */
export async function compute(request: AttentionRequest, engines: Engines): Promise<AttentionResult> {
  const { spec, parameters } = request
  if ('given' in parameters) return computeWith(givenModel(spec, parameters.given, parameters.dropoutSeed), request, engines)
  const { model, end } = cachedModel(spec, parameters.seed)
  const result = await computeWith(model, request, engines)
  if (result.parameters === null) end() // otherwise they are still to be written as text
  return result
}

async function computeWith(model: Model, request: AttentionRequest, engines: Engines): Promise<AttentionResult> {
  const { spec, returns } = request
  const [batch, seqLen] = inputShape(request)
  const input = buildInput(request.input)
  const dropout = request.mode === 'train' && spec.dropout > 0 ? drawDropoutMask(spec, model, batch, seqLen) : null
  const problem = attentionProblem({
    spec, batch, seqLen, dropout,
    headDim: headDim(spec),
    outputDim: outputDim(spec),
    projections: model.projections,
    input: input.data,
  })
  const engine = engines.for(problem, request.engine)
  const output = await engine.run(problem, wantedBy(returns))
  const rows = output.rowStatistics
  const context = contextStatistics(output.context)
  const summary: Summary | null = returns.has('summary')
    ? { weights: headStatistics(rows), uniform: uniformStatistics(seqLen), context }
    : null
  return {
    request,
    numParameters: model.numParameters,
    input,
    parameters: returns.has('parameters') ? model.parameters : null,
    output,
    summary,
    similarity: returns.has('similarity') ? similarityOf(output.weights!) : null,
    checks: checksOf(rows, context.finite),
    engine: { name: engine.name, device: engine.device, version: engine.version },
  }
}

function wantedBy(returns: ReadonlySet<ReturnName>): Wanted {
  return {
    weights: returns.has('weights') || returns.has('similarity'),
    scores: returns.has('scores'),
    queries: returns.has('queries'),
    keys: returns.has('keys'),
    values: returns.has('values'),
    contextHeads: returns.has('context_heads'),
  }
}

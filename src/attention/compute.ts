import type { Engines } from '../engines/select.ts'
import type { AttentionOutput, Wanted } from '../engines/engine.ts'
import { cachedInput } from '../sources/input-cache.ts'
import { countParameters, drawDropoutMask, givenModel } from '../sources/chapter-3/build.ts'
import type { Model } from '../sources/chapter-3/build.ts'
import type { InUse } from '../sources/draw-cache.ts'
import { cachedModel } from '../sources/chapter-3/model-cache.ts'
import { selfAttention } from '../problem/problem.ts'
import { headDim, outlineOf } from '../sources/chapter-3/spec.ts'
import { contextStatistics } from '../statistics/context-statistics.ts'
import { similarityOf } from '../statistics/similarity.ts'
import { checksOf, headStatistics, uniformStatistics } from '../statistics/summary.ts'
import { giveBackFloats } from '../tensor/float-memory.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { inputShape } from './request.ts'
import type { AttentionRequest, ReturnName } from './request.ts'
import type { AttentionResult, Summary } from './result.ts'

/** What can be asked for only with values mixed, or with all parameters drawn. */
const beyondMaps: readonly ReturnName[] = ['context', 'context_heads', 'values', 'summary', 'parameters']

/** The way of a request below HTTP: parameters, input, mask -> one problem -> engine -> statistics. */
export async function compute(request: AttentionRequest, engines: Engines): Promise<AttentionResult> {
  const { spec, parameters, returns } = request
  const mapsAlone = !beyondMaps.some((name) => returns.has(name))
  const model: InUse<Model> =
    'given' in parameters
      ? { value: givenModel(spec, parameters.given, parameters.dropoutSeed), end() {} }
      : cachedModel(spec, parameters.seed, mapsAlone)
  const input = cachedInput(request.input)
  try {
    const result = await computeWith(model.value, input, mapsAlone, request, engines)
    if (result.parameters === null) model.end() // otherwise they are still to be written as text
    return result
  } catch (error) {
    model.end()
    input.end()
    throw error
  }
}

/** The input's use ends with the result's. */
async function computeWith(
  model: Model,
  { value: input, end }: InUse<Tensor>,
  mapsAlone: boolean,
  request: AttentionRequest,
  engines: Engines,
): Promise<AttentionResult> {
  const { spec, returns } = request
  const [batch, length] = inputShape(request)
  const drops = request.mode === 'train' && spec.dropout > 0 && !mapsAlone
  const outline = outlineOf(spec, batch, length, !mapsAlone, drops)
  const problem = selfAttention({
    batch,
    length,
    dIn: spec.dIn,
    heads: spec.numHeads,
    headDim: headDim(spec),
    outputDim: outline.size.outputDim,
    dropout: drops ? drawDropoutMask(spec, model, batch, length) : null,
    projections: mapsAlone ? { ...model.projections, value: null, output: null } : model.projections,
    input: input.data,
  })
  const engine = engines.for(outline, request.engine)
  const output = await engine.run(problem, wantedBy(returns))
  const context = mapsAlone ? null : contextStatistics(output.context)
  const summary: Summary | null = returns.has('summary')
    ? {
        weights: headStatistics(output.rowStatistics!),
        uniform: uniformStatistics(problem.visibility),
        context: context!,
      }
    : null
  return {
    request,
    numParameters: countParameters(spec),
    input,
    parameters: returns.has('parameters') ? model.parameters : null,
    output,
    summary,
    similarity: returns.has('similarity') ? similarityOf(output.weights!) : null,
    checks: checksOf(output.rowSums, output.rowStatistics, context?.finite ?? true),
    engine: { name: engine.name, device: engine.device, version: engine.version },
    letGo() {
      giveBack(output)
      end()
    },
  }
}

function giveBack({ weights, scores, context, queries, keys, values, contextHeads }: AttentionOutput): void {
  for (const maps of [weights, scores]) for (const { data } of maps?.blocks ?? []) giveBackFloats(data)
  for (const tensor of [context, queries, keys, values, contextHeads])
    if (tensor !== undefined) giveBackFloats(tensor.data)
}

function wantedBy(returns: ReadonlySet<ReturnName>): Wanted {
  return {
    statistics: returns.has('summary'),
    weights: returns.has('weights') || returns.has('similarity'),
    scores: returns.has('scores'),
    queries: returns.has('queries'),
    keys: returns.has('keys'),
    values: returns.has('values'),
    contextHeads: returns.has('context_heads'),
  }
}

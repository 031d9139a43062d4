import type { AttentionOutput, Engine, Wanted } from '../engines/engine.ts'
import type { Engines } from '../engines/select.ts'
import type { SourceDescription, SourceLayer } from '../sources/source.ts'
import { contextStatistics } from '../statistics/context-statistics.ts'
import { similarityOf } from '../statistics/similarity.ts'
import { checksOf, headStatistics, sinkStatistics, uniformStatistics } from '../statistics/summary.ts'
import { giveBackFloats } from '../tensor/float-memory.ts'
import { needsOf } from './request.ts'
import type { Computation, ReturnName } from './request.ts'
import type { AttentionResult, Summary } from './result.ts'

/**
 * The way of a request below HTTP: source -> problem -> engine -> statistics -> result, one layer after the other. A
 * result is to be let go before the next one is asked for, or two layers' maps are there at once.
 */
export async function* computeLayers(
  { source, engine: name, returns }: Computation,
  engines: Engines,
  signal?: AbortSignal,
): AsyncGenerator<AttentionResult> {
  const needs = needsOf(returns)
  const engine = engines.for(source.outlines(needs), name)
  const description = source.describe()
  for await (const layer of source.layers(needs))
    yield await solve(layer, engine, returns, needs.context, description, signal)
}

/** The same of a source that has one layer. */
export async function compute(
  computation: Computation,
  engines: Engines,
  signal?: AbortSignal,
): Promise<AttentionResult> {
  const { value, done } = await computeLayers(computation, engines, signal).next()
  if (done === true) throw new Error(`${computation.source.kind} has no layer`)
  return value
}

async function solve(
  { layer, problem, inputs, parameters, solved, end }: SourceLayer,
  engine: Engine,
  returns: ReadonlySet<ReturnName>,
  withContext: boolean,
  source: SourceDescription,
  signal: AbortSignal | undefined,
): Promise<AttentionResult> {
  try {
    signal?.throwIfAborted()
    const output = await engine.run(problem, wantedBy(returns, source), signal)
    signal?.throwIfAborted()
    const context = withContext && output.context.data.length > 0 ? contextStatistics(output.context) : null
    const summary: Summary | null = returns.has('summary')
      ? {
          weights: headStatistics(output.rowStatistics!),
          uniform: uniformStatistics(problem.visibility),
          sinkWeight: sinkStatistics(output.rowSums),
          context,
        }
      : null
    const result: AttentionResult = {
      source,
      returns,
      layer,
      size: problem.size,
      visibility: problem.visibility,
      inputs,
      parameters,
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
    solved()
    return result
  } catch (error) {
    solved()
    end()
    throw error
  }
}

function giveBack({ weights, scores, context, queries, keys, values, contextHeads }: AttentionOutput): void {
  for (const maps of [weights, scores]) for (const { data } of maps?.blocks ?? []) giveBackFloats(data)
  for (const tensor of [context, queries, keys, values, contextHeads])
    if (tensor !== undefined) giveBackFloats(tensor.data)
}

/** What an engine is asked for. */
export function wantedBy(
  returns: ReadonlySet<ReturnName>,
  { contextByHead }: Pick<SourceDescription, 'contextByHead'>,
): Wanted {
  return {
    statistics: returns.has('summary'),
    weights: returns.has('weights') || returns.has('similarity'),
    products: returns.has('products'),
    scores: returns.has('scores'),
    queries: returns.has('queries'),
    keys: returns.has('keys'),
    values: returns.has('values'),
    contextHeads: returns.has('context_heads') || (contextByHead && returns.has('context')),
  }
}

import type { Engine } from '../engines/engine.ts'
import { contextDim } from '../problem/size.ts'
import type { ProblemSize } from '../problem/size.ts'
import { seenPairs } from '../problem/visibility.ts'
import { wantedBy } from './compute.ts'
import { needsOf } from './request.ts'
import type { Computation, ReturnName } from './request.ts'

/** What a computation takes. */
export interface Estimate {
  /** Bytes at the worst moment, before anything is taken. */
  readonly bytes: number
  /** Nanoseconds of one core, about. */
  readonly operations: number
}

/** And how many numbers there are to be written. */
export interface ComputationEstimate extends Estimate {
  readonly numbers: number
}

/** What a number takes on its way into an answer. */
const operationsPerNumber = 10
/** What a key takes in the comparison of a pair of heads. */
const operationsPerComparison = 40

const float32 = 4
/** What is kept of each row's keys: the first, the end, how many, its own position. */
const bytesOfRow = 16

/**
 * What a computation will take on the engine that will run it: what its source draws, what the engine says of each
 * layer, of which one is there at a time, and what is worked out from its answer. Cheap for requests of any size. Text
 * is streamed and does not count; what a form of answer takes beside is the form's to say.
 */
export function estimate({ source, returns }: Computation, engine: Engine): ComputationEstimate {
  const needs = needsOf(returns)
  const wanted = wantedBy(returns, source.describe())
  const drawn = source.cost(needs)
  let layerBytes = 0
  let operations = drawn.operations
  let numbers = needs.parameters ? drawn.bytes / float32 : 0
  for (const outline of source.outlines(needs)) {
    const { size, visibility } = outline
    const run = engine.cost(outline, wanted)
    const similarity = returns.has('similarity') ? 3 * size.batch * size.heads ** 2 * float32 : 0
    const rows = bytesOfRow * visibility.patterns * visibility.queries
    layerBytes = Math.max(layerBytes, run.bytes + similarity + rows)
    operations += run.operations
    numbers += numbersIn(returns, size)
    if (returns.has('similarity'))
      operations += (operationsPerComparison * seenPairs(visibility, size) * (size.heads + 1)) / 2
  }
  return { bytes: drawn.bytes + layerBytes, operations: operations + operationsPerNumber * numbers, numbers }
}

/** Numbers that an answer holds, the few of its statistics apart. */
function numbersIn(returns: ReadonlySet<ReturnName>, size: ProblemSize): number {
  const { batch, heads, keyValueHeads, queries, keys, headDim, valueDim, dIn } = size
  const square = batch * heads * queries * keys
  const numbers: Partial<Record<ReturnName, number>> = {
    weights: square,
    products: square,
    scores: square,
    queries: batch * heads * queries * headDim,
    keys: batch * keyValueHeads * keys * headDim,
    values: batch * keyValueHeads * keys * valueDim,
    context_heads: batch * heads * queries * valueDim,
    context: batch * queries * contextDim(size),
    input: batch * queries * dIn,
  }
  let count = 0
  for (const name of returns) count += numbers[name] ?? 0
  return count
}

import { broadcastTo } from '../../src/problem/broadcast.ts'
import type { Broadcast } from '../../src/problem/broadcast.ts'
import type { HeadNorm, Operands, Projection } from '../../src/problem/operands.ts'
import type { AttentionProblem } from '../../src/problem/problem.ts'
import type { ProblemSize } from '../../src/problem/size.ts'
import { visibilityOf } from '../../src/problem/visibility.ts'
import { uniform } from './problems.ts'

/** What a problem may have beside q, k and v. */
export const rules = [
  'causal',
  'grouped',
  'window',
  'soft cap',
  'bias',
  'allowed',
  'key lengths',
  'sinks',
  'alibi',
  'rotary',
  'rectangular',
  'dropout',
  'value width',
  'given',
  'projected',
  'separate inputs',
  'norms',
  'output',
] as const
export type Rule = (typeof rules)[number]

/** Every set of one or two rules. */
export const rulePairs: readonly (readonly Rule[])[] = rules.flatMap((rule, index) => [
  [rule],
  ...rules.slice(index + 1).map((other) => [rule, other]),
])

export interface RuledShape {
  readonly batch: number
  readonly queries: number
  readonly keys: number
}

/** A problem under some rules, the same one each time; operands are given unless a rule says otherwise. */
export function drawRuled(
  of: readonly Rule[],
  { batch, queries, keys }: RuledShape,
  name = of.join(),
): AttentionProblem {
  const random = uniform(name)
  const fill = (length: number, bound = Math.sqrt(3)): Float32Array =>
    Float32Array.from({ length }, () => (random() * 2 - 1) * bound)
  const has = (rule: Rule): boolean => of.includes(rule)
  const heads = has('grouped') ? 6 : 2
  const projected = ['projected', 'separate inputs', 'norms', 'output'].some((rule) => has(rule as Rule))
  const separate = has('separate inputs') || queries !== keys
  const keyValueHeads = 2
  const headDim = 6
  const valueDim = has('value width') ? 5 : headDim
  const inputs = { dIn: projected ? 7 : 0, keyDIn: projected ? 7 : 0, valueDIn: projected ? 7 : 0 }
  const size: ProblemSize = {
    batch,
    heads,
    keyValueHeads,
    queries,
    keys,
    headDim,
    valueDim,
    outputDim: has('output') ? 9 : 0,
    ...inputs,
    ...(has('separate inputs') ? { keyDIn: 5, valueDIn: 4 } : {}),
  }
  const projection = (outputs: number, from: number): Projection => ({
    weight: fill(outputs * from, Math.sqrt(3 / from)),
    bias: fill(outputs, 0.5),
  })
  const norm = (): HeadNorm => ({ weight: fill(headDim, 1.5), epsilon: 1e-6 })
  let operands: Operands
  if (projected) {
    const queryInput = fill(batch * queries * size.dIn)
    operands = {
      kind: 'projected',
      queryInput,
      keyInput: separate ? fill(batch * keys * size.keyDIn) : queryInput,
      valueInput: separate ? fill(batch * keys * size.valueDIn) : queryInput,
      projections: {
        query: projection(heads * headDim, size.dIn),
        key: projection(keyValueHeads * headDim, size.keyDIn),
        value: projection(keyValueHeads * valueDim, size.valueDIn),
        output: has('output') ? projection(size.outputDim, heads * valueDim) : null,
      },
      queryNorm: has('norms') ? norm() : null,
      keyNorm: has('norms') ? norm() : null,
    }
  } else {
    operands = {
      kind: 'given',
      query: fill(batch * heads * queries * headDim),
      key: fill(batch * keyValueHeads * keys * headDim),
      value: fill(batch * keyValueHeads * keys * valueDim),
    }
  }

  // Broadcasts of every kind: which axes are repeated is drawn.
  const full = [batch, heads, queries, keys] as const
  const broadcast = <Data>(make: (length: number) => Data): Broadcast<Data> => {
    const shape = full.map((length, axis) => (axis < 3 && random() < 0.4 ? 1 : length))
    return broadcastTo(make(shape.reduce((product, length) => product * length, 1)), shape, full)!
  }
  const allowed = has('allowed')
    ? broadcast((length) => Uint8Array.from({ length }, () => (random() < 0.6 ? 1 : 0)))
    : null
  const lengths = has('key lengths') ? Array.from({ length: batch }, () => Math.floor(random() * (keys + 1))) : null
  const visibility = visibilityOf({
    batch,
    heads,
    queries,
    keys,
    offset: lengths === null ? keys - queries : lengths.map((length) => length - queries),
    causal: has('causal'),
    window: has('window') ? [3, 2] : [null, null],
    keyLengths: lengths,
    allowed,
  })
  const squares = batch * heads * queries * keys
  return {
    size,
    operands,
    rotary: has('rotary')
      ? {
          frequencies: Float64Array.from([1, 0.1]),
          interleaved: random() < 0.5,
          queryOffset: keys - queries,
          keyOffset: 0,
          magnitude: 1.1,
        }
      : null,
    visibility,
    scoring: {
      scale: 0.7,
      softCap: has('soft cap') ? 2 : null,
      bias: has('bias') ? broadcast((length) => fill(length, 2)) : null,
      slopes: has('alibi') ? fill(heads, 0.5) : null,
      sinks: has('sinks') ? fill(heads, 2) : null,
    },
    dropout: has('dropout')
      ? { keep: Uint8Array.from({ length: squares }, () => (random() < 0.3 ? 0 : 1)), keepProbability: 0.7 }
      : null,
  }
}

import type { AttentionRequest, ReturnName } from '../../attention/request.ts'
import { invalid } from '../../errors.ts'
import type { ProblemSize } from '../../problem/size.ts'
import { GivenSource, operandShape } from '../../sources/given/source.ts'
import type { GivenOperand } from '../../sources/given/source.ts'
import { readDtypeTensor } from '../read/dtype-tensor.ts'
import { kindOf, plainObject } from '../read/tensor.ts'
import { maxLength, maxSeed } from '../schemas/common.ts'
import { readWhole } from '../read/whole.ts'
import { readPresentationMembers } from './members.ts'
import { readRules } from './read-rules.ts'
import { operandSeeds } from './scaled-dot-product-schema.ts'
import type { ScaledDotProductRequest } from './scaled-dot-product-schema.ts'

/** A body that its schema has passed, as a request. Throws a 400 that names the place. */
export function readScaledDotProduct(body: ScaledDotProductRequest): AttentionRequest {
  const queries = readOperand(body.queries, 'queries')
  const keys = readOperand(body.keys, 'keys')
  const values = body.values === undefined ? null : readOperand(body.values, 'values')
  const size = sizeOfOperands(queries, keys, values)
  const { visibility, scoring, rotary, bytes } = readRules(body, size)
  const dropout = body.dropout === undefined ? null : { p: body.dropout.p, seed: body.dropout.seed ?? 42 }
  const returns = new Set<ReturnName>(
    body.return ?? (values === null ? ['weights', 'summary'] : ['weights', 'context', 'summary']),
  )
  for (const name of ['context', 'values'] as const)
    if (values === null && returns.has(name)) throw invalid('/values', `is missing, and ${name} is asked for`)
  if (returns.has('similarity') && size.heads < 2)
    throw invalid('/return', 'similarity compares heads: there must be at least 2')
  const presentation = readPresentationMembers(body, size)
  return {
    source: new GivenSource({
      queries,
      keys,
      values,
      size,
      visibility,
      scoring,
      rotary,
      dropout,
      ruleBytes: bytes,
      said: saidOf(body, size, scoring.scale, { queries, keys, values }),
    }),
    engine: body.engine,
    returns,
    presentation,
  }
}

type OperandName = keyof typeof operandSeeds

/** An operand of four dimensions: three are one item, two are one item's one head. */
function readOperand(value: unknown, name: OperandName): GivenOperand {
  const path = `/${name}`
  if (value !== null && typeof value === 'object' && !Array.isArray(value) && 'randn' in value) {
    const object = plainObject(value, path, ['randn', 'seed', 'advance'])
    if (!Array.isArray(object.randn))
      throw invalid(`${path}/randn`, `must be an array of lengths, not ${kindOf(object.randn)}`)
    object.randn.forEach((length, i) => {
      if (!Number.isSafeInteger(length) || length < 1 || length > maxLength)
        throw invalid(`${path}/randn/${i}`, `must be a whole number from 1 to ${maxLength}, not ${kindOf(length)}`)
    })
    return {
      randn: fourDimensions(object.randn as number[], `${path}/randn`),
      seed: readWhole(object.seed, `${path}/seed`, operandSeeds[name], maxSeed),
      advance: readWhole(object.advance, `${path}/advance`, 0, 2 ** 32),
    }
  }
  const tensor = readDtypeTensor(value, path)
  return { values: { ...tensor, shape: fourDimensions(tensor.shape, path) } }
}

function fourDimensions(shape: readonly number[], path: string): readonly number[] {
  if (shape.length < 2 || shape.length > 4)
    throw invalid(
      path,
      `must be (batch, heads, length, dim), (heads, length, dim) or (length, dim), not of ${shape.length} axes`,
    )
  return [...Array.from({ length: 4 - shape.length }, () => 1), ...shape]
}

function sizeOfOperands(queries: GivenOperand, keys: GivenOperand, values: GivenOperand | null): ProblemSize {
  const [batch, heads, queryLength, headDim] = operandShape(queries) as [number, number, number, number]
  const [keyBatch, keyHeads, keyLength, keyDim] = operandShape(keys) as [number, number, number, number]
  if (keyBatch !== batch) throw invalid('/keys', `have ${keyBatch} items, but queries have ${batch}`)
  if (keyDim !== headDim) throw invalid('/keys', `have vectors of width ${keyDim}, but queries have ${headDim}`)
  if (heads % keyHeads !== 0)
    throw invalid('/keys', `have ${keyHeads} heads, which must divide the heads of the queries, ${heads}`)
  let valueDim = headDim
  if (values !== null) {
    const [valueBatch, valueHeads, valueLength, width] = operandShape(values) as [number, number, number, number]
    if (valueBatch !== batch) throw invalid('/values', `have ${valueBatch} items, but queries have ${batch}`)
    if (valueHeads !== keyHeads) throw invalid('/values', `have ${valueHeads} heads, but keys have ${keyHeads}`)
    if (valueLength !== keyLength) throw invalid('/values', `are ${valueLength}, but there are ${keyLength} keys`)
    valueDim = width
  }
  return {
    batch,
    heads,
    keyValueHeads: keyHeads,
    queries: queryLength,
    keys: keyLength,
    headDim,
    valueDim,
    dIn: 0,
    keyDIn: 0,
    valueDIn: 0,
    outputDim: 0,
  }
}

/** What an answer repeats of the request: sizes, and the rules that are not numbers of an array. */
function saidOf(
  body: ScaledDotProductRequest,
  size: ProblemSize,
  scale: number,
  operands: Readonly<Record<OperandName, GivenOperand | null>>,
): Record<string, unknown> {
  const { allowed, ...mask } = body.mask ?? {}
  const dtypes = Object.entries(operands).flatMap(([name, operand]) =>
    operand !== null && 'values' in operand && operand.values.dtype !== 'float32' ? [[name, operand.values.dtype]] : [],
  )
  return {
    batch: size.batch,
    heads: size.heads,
    kv_heads: size.keyValueHeads,
    query_len: size.queries,
    key_len: size.keys,
    head_dim: size.headDim,
    value_dim: size.valueDim,
    scale,
    ...(body.softcap === undefined ? {} : { softcap: body.softcap }),
    ...(body.mask === undefined ? {} : { mask: { ...mask, ...(allowed === undefined ? {} : { allowed: true }) } }),
    ...(body.bias === undefined ? {} : { bias: true }),
    ...(body.alibi_slopes === undefined ? {} : { alibi_slopes: body.alibi_slopes }),
    ...(body.sinks === undefined ? {} : { sinks: body.sinks }),
    ...(body.rotary === undefined ? {} : { rotary: body.rotary }),
    ...(body.dropout === undefined ? {} : { dropout: body.dropout }),
    ...(dtypes.length === 0 ? {} : { dtypes: Object.fromEntries(dtypes) }),
  }
}

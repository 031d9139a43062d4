import { invalid } from '../../errors.ts'
import { broadcastTo, rowStart } from '../../problem/broadcast.ts'
import type { Broadcast } from '../../problem/broadcast.ts'
import type { Floats, Rotary } from '../../problem/operands.ts'
import type { Scoring } from '../../problem/scoring.ts'
import type { ProblemSize } from '../../problem/size.ts'
import { everyKey, visibilityOf } from '../../problem/visibility.ts'
import type { Visibility } from '../../problem/visibility.ts'
import { readRotary } from '../../sources/decoder/checkpoint/rotary-fields.ts'
import { rotaryFrequencies } from '../../sources/decoder/backbone/rotary.ts'
import { UnsupportedModel } from '../../sources/decoder/unsupported.ts'
import { standardSlopes } from '../../sources/given/alibi.ts'
import { readBooleans, readDtypeTensor } from '../read/dtype-tensor.ts'
import type { MaskRequest, RotaryRequest, ScaledDotProductRequest } from './scaled-dot-product-schema.ts'

type Maps = readonly [batch: number, heads: number, queries: number, keys: number]

export interface Rules {
  readonly visibility: Visibility
  readonly scoring: Scoring
  readonly rotary: Rotary | null
  /** Bytes of the masks and biases. */
  readonly bytes: number
}

/** Everything of a request that says which keys are seen and how they are scored. Throws a 400 that names the place. */
export function readRules(
  body: Omit<ScaledDotProductRequest, 'queries' | 'keys' | 'values'>,
  size: ProblemSize,
): Rules {
  const maps: Maps = [size.batch, size.heads, size.queries, size.keys]
  const mask = body.mask ?? {}
  const offset = readOffset(mask, size)
  const bias = body.bias === undefined ? null : readBias(body.bias, maps)
  const allowed = mask.allowed === undefined ? null : readAllowed(mask.allowed, maps)
  const hidden = bias !== null && bias.hides ? hiddenByBias(bias.values) : null
  const both = allowed !== null && hidden !== null ? bothAllowed(allowed, hidden, maps) : (allowed ?? hidden)
  const rules = {
    batch: size.batch,
    heads: size.heads,
    queries: size.queries,
    keys: size.keys,
    offset,
    causal: mask.causal ?? false,
    keyLengths: mask.key_lengths ?? null,
    allowed: both,
  }
  const [left, right] = mask.window ?? [null, null]
  const unruled = offset === null && both === null && mask.key_lengths === undefined
  const visibility = unruled
    ? everyKey(size.queries, size.keys)
    : visibilityOf({ ...rules, window: [left ?? null, right ?? null] })
  return {
    visibility,
    scoring: {
      scale: body.scale ?? 1 / Math.sqrt(size.headDim),
      softCap: body.softcap ?? null,
      bias: bias?.values ?? null,
      slopes: readSlopes(body.alibi_slopes, offset, size),
      sinks: body.sinks === undefined ? null : perHead(body.sinks, '/sinks', size),
    },
    rotary: body.rotary === undefined ? null : readRotaryBody(body.rotary, offset, size),
    bytes: (bias?.values.data.byteLength ?? 0) + (both?.data.byteLength ?? 0),
  }
}

/** Where queries stand among the keys: one number, one an item, or null where nothing says it. */
function readOffset(mask: MaskRequest, { batch, queries, keys }: ProblemSize): number | readonly number[] | null {
  const { alignment, causal = false, window, key_lengths: lengths } = mask
  if (lengths !== undefined) {
    if (lengths.length !== batch)
      throw invalid('/mask/key_lengths', `must be ${batch} lengths, one an item, not ${lengths.length}`)
    const wrong = lengths.findIndex((length) => length > keys)
    if (wrong !== -1) throw invalid(`/mask/key_lengths/${wrong}`, `must be at most the number of keys, ${keys}`)
  }
  const positioned = causal || (window !== undefined && window.some((side) => side !== null))
  if (alignment === undefined) {
    if (!positioned) return queries === keys && lengths === undefined ? 0 : null
    if (queries !== keys || lengths !== undefined)
      throw invalid(
        '/mask/alignment',
        `is missing: with ${queries} queries, ${keys} keys${lengths === undefined ? '' : ' and key_lengths'} it must be said where queries stand: upper_left, lower_right or a number`,
      )
    return 0
  }
  if (alignment === 'upper_left') return 0
  if (alignment === 'lower_right')
    return lengths === undefined ? keys - queries : lengths.map((length) => length - queries)
  return alignment
}

/** Booleans that broadcast to the maps: true may attend. */
function readAllowed(value: unknown, maps: Maps): Broadcast<Uint8Array> {
  const { shape, data } = readBooleans(value, '/mask/allowed')
  return broadcast(data, shape, maps, '/mask/allowed')
}

function readBias(value: unknown, maps: Maps): { values: Broadcast<Floats>; hides: boolean } {
  const { shape, data } = readDtypeTensor(value, '/bias', { negativeInfinity: true })
  return { values: broadcast(data, shape, maps, '/bias'), hides: data.includes(-Infinity) }
}

function broadcast<Data>(data: Data, shape: readonly number[], maps: Maps, path: string): Broadcast<Data> {
  const fitted = broadcastTo(data, shape, maps)
  if (fitted === null)
    throw invalid(
      path,
      `of shape (${shape.join(', ')}) does not broadcast to (batch, heads, query, key) = (${maps.join(', ')})`,
    )
  return fitted
}

/** A bias of -Infinity hides its key. */
function hiddenByBias(bias: Broadcast<Floats>): Broadcast<Uint8Array> {
  const data = new Uint8Array(bias.data.length)
  for (let i = 0; i < data.length; i++) data[i] = bias.data[i] === -Infinity ? 0 : 1
  return { ...bias, data }
}

/** Where both let a key be seen: over the axes that either has. */
function bothAllowed(a: Broadcast<Uint8Array>, b: Broadcast<Uint8Array>, maps: Maps): Broadcast<Uint8Array> {
  const stridesOf = (of: Broadcast<unknown>) => [of.itemStride, of.headStride, of.queryStride, of.keyStride]
  const [ofA, ofB] = [stridesOf(a), stridesOf(b)]
  const shape = maps.map((length, axis) => (ofA[axis] === 0 && ofB[axis] === 0 ? 1 : length)) as unknown as Maps
  const size = shape[0] * shape[1] * shape[2] * shape[3]
  if (size > Math.max(mostCombined, 4 * (a.data.length + b.data.length)))
    throw invalid(
      '/mask/allowed',
      'and a bias that hides keys make a mask of too many positions together: send one of them',
    )
  const data = new Uint8Array(size)
  let to = 0
  for (let item = 0; item < shape[0]; item++)
    for (let head = 0; head < shape[1]; head++)
      for (let query = 0; query < shape[2]; query++) {
        const [startA, startB] = [rowStart(a, item, head, query), rowStart(b, item, head, query)]
        for (let key = 0; key < shape[3]; key++)
          data[to++] = a.data[startA + key * a.keyStride]! & b.data[startB + key * b.keyStride]!
      }
  return broadcastTo(data, shape, maps)!
}
/** What is made before a request is admitted is little, or no more than a few times what was sent. */
const mostCombined = 2 ** 20
/** Heads that have slopes by themselves, and dimensions that are turned: as many numbers as may be given. */
const mostStandardSlopes = 65_536
const mostTurned = 65_536

function readSlopes(
  slopes: ScaledDotProductRequest['alibi_slopes'],
  offset: number | readonly number[] | null,
  size: ProblemSize,
): Float64Array | null {
  if (slopes === undefined) return null
  if (offset === null)
    throw invalid(
      '/mask/alignment',
      'is missing: alibi_slopes need to know where queries stand: upper_left, lower_right or a number',
    )
  if (slopes === 'standard' && size.heads > mostStandardSlopes)
    throw invalid('/alibi_slopes', `must be given for more than ${mostStandardSlopes} heads`)
  return slopes === 'standard' ? standardSlopes(size.heads) : perHead(slopes as number[], '/alibi_slopes', size)
}

function perHead(values: readonly number[], path: string, { heads }: ProblemSize): Float64Array {
  if (values.length !== heads) throw invalid(path, `must be ${heads} numbers, one a head, not ${values.length}`)
  return Float64Array.from(values)
}

function readRotaryBody(
  { theta = 10_000, dim, interleaved = false, offset = 0, scaling }: RotaryRequest,
  position: number | readonly number[] | null,
  { headDim }: ProblemSize,
): Rotary {
  const turned = dim ?? headDim
  const place = dim === undefined ? '/rotary' : '/rotary/dim'
  if (turned % 2 !== 0) throw invalid(place, `must turn an even number of dimensions, not ${turned}`)
  if (turned > mostTurned) throw invalid(place, `must turn at most ${mostTurned} dimensions, not ${turned}`)
  if (turned > headDim) throw invalid(place, `must be at most head_dim, ${headDim}`)
  if (typeof position === 'object' && position !== null && new Set(position).size > 1)
    throw invalid(
      '/rotary',
      'needs queries that stand at the same position in every item: key_lengths with lower_right differ',
    )
  const first = typeof position === 'object' ? (position?.[0] ?? 0) : (position ?? 0)
  const read = readScaling({ rope_theta: theta, ...scaling }, turned)
  const attentionFactor = read.scaling?.type === 'yarn' ? read.scaling.attentionFactor : 1
  return {
    frequencies: Float64Array.from(rotaryFrequencies(read)),
    interleaved,
    queryOffset: offset + first,
    keyOffset: offset,
    magnitude: attentionFactor,
  }
}

function readScaling(given: Record<string, unknown>, headDim: number): ReturnType<typeof readRotary> {
  const needsLength = given.rope_type === 'llama3' || given.rope_type === 'yarn'
  if (needsLength && given.original_max_position_embeddings === undefined)
    throw invalid('/rotary/scaling/original_max_position_embeddings', 'is missing')
  try {
    return readRotary(given, 'scaling', { headDim, contextLength: 1, theta: 10_000, share: null })
  } catch (error) {
    if (!(error instanceof UnsupportedModel)) throw error
    throw invalid('/rotary/scaling', error.message.replace(/^config\.json: (scaling )?/, ''))
  }
}

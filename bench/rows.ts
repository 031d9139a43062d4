import { wideNeeds } from './floor.ts'
import type { Needs } from './floor.ts'
import { FRESH, type HttpRequest } from './harness/http-client.ts'
import { MULTI_HEAD, NPZ_TYPE, post, studySize, wide, wideInline } from './requests.ts'

/** One line of the table: the same work put to the service and to the peer, as the book writes it and as we tune it. */
export interface Row {
  readonly key: string
  readonly title: string
  readonly connections: number
  readonly ours: HttpRequest
  /** The request to the book's class, or the script that does the work. */
  readonly peer: HttpRequest | { readonly script: string; readonly args: readonly string[] }
  /** The request to the tuning that does this work best; none beside a script. */
  readonly tuned?: HttpRequest
  /** Names of the answer that all must have, with equal numbers. */
  readonly equal: readonly string[]
  /** Times ahead of the book's class, or the script, that are to be reached. */
  readonly goal: number
  /** What the row cannot do without, where that can be counted, and the times of it that are to be reached. */
  readonly needs?: Needs
  readonly floorGoal?: number
}

const everything = ['weights', 'context', 'summary']
const statistics = ['summary.weights.entropy', 'summary.weights.distance', 'summary.context.std']

/** Tunings of the peer: see peer/server.py. */
type Tuning = 'tuned' | 'blocks' | 'one-thread'

const tuned = (request: HttpRequest, tuning: Tuning): HttpRequest => ({ ...request, path: `/${tuning}${request.path}` })

interface Same extends Pick<Row, 'key' | 'title' | 'equal' | 'goal' | 'needs' | 'floorGoal'> {
  readonly request: HttpRequest
  readonly tuning: Tuning
  readonly connections?: number
}

/** The same request to all. */
function same({ request, tuning, connections = 1, ...rest }: Same): Row {
  return { ...rest, connections, ours: request, peer: request, tuned: tuned(request, tuning) }
}

const weights1024 = post(MULTI_HEAD, wide(1024, ['weights']), NPZ_TYPE)

export const rows: readonly Row[] = [
  same({
    key: 'study',
    title: 'study size, weights + context + summary, 16 connections',
    connections: 16,
    request: post(MULTI_HEAD, studySize),
    tuning: 'one-thread',
    equal: ['weights', 'context', ...statistics],
    goal: 9,
  }),
  same({
    key: 'study-seeds',
    title: 'study size, another seed in every request, 16 connections',
    connections: 16,
    request: post(MULTI_HEAD, { ...studySize, model: { d_in: 20, d_out: 16, num_heads: 2, seed: FRESH } }),
    tuning: 'one-thread',
    equal: ['weights', 'context', ...statistics],
    goal: 7,
  }),
  same({
    key: 'json-1024',
    title: 'T 1024, weights + context + summary as JSON',
    request: post(MULTI_HEAD, wide(1024, everything)),
    tuning: 'tuned',
    equal: ['weights', 'context', ...statistics],
    goal: 3,
    needs: wideNeeds({ seqLen: 1024, context: true, form: 'json' }),
    floorGoal: 1.7,
  }),
  same({
    key: 'summary-1024',
    title: 'T 1024, summary only',
    request: post(MULTI_HEAD, wide(1024, ['summary'])),
    tuning: 'blocks',
    equal: statistics,
    goal: 3,
    needs: wideNeeds({ seqLen: 1024, context: true }),
    floorGoal: 1.5,
  }),
  same({
    key: 'summary-2048',
    title: 'T 2048, summary only',
    request: post(MULTI_HEAD, wide(2048, ['summary'])),
    tuning: 'blocks',
    equal: statistics,
    goal: 3,
    needs: wideNeeds({ seqLen: 2048, context: true }),
    floorGoal: 1.5,
  }),
  same({
    key: 'seeds-256',
    title: 'T 256, weights, another seed each time',
    request: post(MULTI_HEAD, wide(256, ['weights'], { seed: FRESH })),
    tuning: 'tuned',
    equal: ['weights'],
    goal: 3,
    needs: wideNeeds({ seqLen: 256, context: false, fresh: 'parameters', form: 'json' }),
    floorGoal: 1.7,
  }),
  same({
    key: 'fresh-1024',
    title: 'T 1024, summary only, parameters and input drawn anew each time',
    request: post(MULTI_HEAD, wide(1024, ['summary'], { seed: FRESH, inputSeed: FRESH })),
    tuning: 'blocks',
    equal: statistics,
    goal: 3,
    needs: wideNeeds({ seqLen: 1024, context: true, fresh: true }),
    floorGoal: 1.7,
  }),
  same({
    key: 'npz-1024',
    title: 'T 1024, weights as npz',
    request: weights1024,
    tuning: 'tuned',
    equal: ['weights'],
    goal: 3,
    needs: wideNeeds({ seqLen: 1024, context: false, form: 'npz' }),
  }),
  {
    key: 'base64-1024',
    title: 'T 1024, weights as base64, the peer as npz',
    connections: 1,
    ours: post(MULTI_HEAD, { ...wide(1024, ['weights']), tensor_format: 'base64' }),
    peer: weights1024,
    tuned: tuned(weights1024, 'tuned'),
    equal: ['weights'],
    goal: 3,
    needs: wideNeeds({ seqLen: 1024, context: false, form: 'base64' }),
  },
  same({
    key: 'inline-512',
    title: 'T 512 inline as JSON values, summary only',
    request: post(MULTI_HEAD, wideInline(512, ['summary'])),
    tuning: 'blocks',
    equal: statistics,
    goal: 3,
    needs: wideNeeds({ seqLen: 512, context: true }),
  }),
  {
    key: 'bias',
    title: 'bias experiment, 1,000 seeds, beside vectorised NumPy',
    connections: 1,
    ours: post('/experiments/bias', { seeds: { first: 0, count: 1000 } }),
    peer: { script: 'bias_numpy.py', args: ['1000'] },
    equal: ['normalized_entropy', 'max_weight', 'context_range', 'key_preference_share'].map(
      (name) => `comparison.qkv-none.${name}`,
    ),
    goal: 2,
  },
]

/** What four clients ask for at once, each form in turn. */
export const severalRequests: readonly HttpRequest[] = [
  post(MULTI_HEAD, wide(512, ['summary'])),
  post(MULTI_HEAD, wide(512, ['weights']), NPZ_TYPE),
  post(MULTI_HEAD, wide(512, ['weights', 'context', 'summary'])),
]

export interface MemoryRow {
  readonly key: string
  readonly title: string
  readonly request: HttpRequest
  readonly limitMegabytes: number
}

export const memoryRows: readonly MemoryRow[] = [
  {
    key: 'memory-summary-2048',
    title: 'T 2048, summary only',
    request: post(MULTI_HEAD, wide(2048, ['summary'])),
    limitMegabytes: 700,
  },
  {
    key: 'memory-summary-4096',
    title: 'T 4096, summary only',
    request: post(MULTI_HEAD, wide(4096, ['summary'])),
    limitMegabytes: 1500,
  },
  {
    key: 'memory-weights-2048',
    title: 'T 2048, weights as JSON',
    request: post(MULTI_HEAD, wide(2048, ['weights'])),
    limitMegabytes: 1000,
  },
]

import { FRESH, type HttpRequest } from './harness/http-client.ts'
import { MULTI_HEAD, NPZ_TYPE, post, studySize, wide, wideInline } from './requests.ts'

/** One line of the table: the same work put to the service and to the peer. */
export interface Row {
  readonly key: string
  readonly title: string
  readonly connections: number
  readonly ours: HttpRequest
  /** The request to the peer, or the script that does the work. */
  readonly peer: HttpRequest | { readonly script: string; readonly args: readonly string[] }
  /** Names of the answer that both must have, with equal numbers. */
  readonly equal: readonly string[]
  /** Times ahead of the peer: to reach, to aim for. Without, the row is there to be looked at. */
  readonly goal?: readonly [number, number]
}

const everything = ['weights', 'context', 'summary']
const statistics = ['summary.weights.entropy', 'summary.weights.distance', 'summary.context.std']

function same(key: string, title: string, request: HttpRequest, equal: readonly string[], goal: readonly [number, number], connections = 1): Row {
  return { key, title, connections, ours: request, peer: request, equal, goal }
}

/** The same beside the peer tuned for it, to be looked at. */
function tuned(row: Row, path: string, how: string): Row {
  const peer = { ...row.ours, path: `/${path}${row.ours.path}` }
  return { key: `${row.key}-${path}`, title: `${row.title}; the peer ${how}`, connections: row.connections, ours: row.ours, peer, equal: row.equal }
}

const study = same('study', 'study size, weights + context + summary, 16 connections', post(MULTI_HEAD, studySize), ['weights', 'context', ...statistics], [6, 10], 16)
const summary1024 = same('summary-1024', 'T 1024, summary only', post(MULTI_HEAD, wide(1024, ['summary'])), statistics, [3.5, 5])
const summary2048 = same('summary-2048', 'T 2048, summary only', post(MULTI_HEAD, wide(2048, ['summary'])), statistics, [5, 7])
const weights1024 = wide(1024, ['weights'])

export const rows: readonly Row[] = [
  study,
  same('json-1024', 'T 1024, weights + context + summary as JSON', post(MULTI_HEAD, wide(1024, everything)), ['weights', 'context', ...statistics], [3, 4]),
  summary1024,
  summary2048,
  same('seeds-256', 'T 256, weights, another seed each time', post(MULTI_HEAD, wide(256, ['weights'], { seed: FRESH })), ['weights'], [2.5, 4]),
  same('npz-1024', 'T 1024, weights as npz', post(MULTI_HEAD, weights1024, NPZ_TYPE), ['weights'], [2, 4]),
  {
    key: 'base64-1024', title: 'T 1024, weights as base64, the peer as npz', connections: 1,
    ours: post(MULTI_HEAD, { ...weights1024, tensor_format: 'base64' }),
    peer: post(MULTI_HEAD, weights1024, NPZ_TYPE), equal: ['weights'], goal: [2, 4],
  },
  same('inline-512', 'T 512 inline as JSON values, summary only', post(MULTI_HEAD, wideInline(512, ['summary'])), statistics, [2, 3]),
  {
    key: 'bias', title: 'bias experiment, 1,000 seeds, beside vectorised NumPy', connections: 1,
    ours: post('/experiments/bias', { seeds: { first: 0, count: 1000 } }),
    peer: { script: 'bias_numpy.py', args: ['1000'] }, equal: ['normalized_entropy', 'max_weight', 'context_range', 'key_preference_share'].map((name) => `comparison.qkv-none.${name}`), goal: [1, 3],
  },
  tuned(study, 'one-thread', 'on one thread'),
  tuned(summary1024, 'blocks', 'in row blocks'),
  tuned(summary2048, 'blocks', 'in row blocks'),
]

export interface MemoryRow { readonly key: string; readonly title: string; readonly request: HttpRequest; readonly limitMegabytes: number }

export const memoryRows: readonly MemoryRow[] = [
  { key: 'memory-summary-2048', title: 'T 2048, summary only', request: post(MULTI_HEAD, wide(2048, ['summary'])), limitMegabytes: 700 },
  { key: 'memory-summary-4096', title: 'T 4096, summary only', request: post(MULTI_HEAD, wide(4096, ['summary'])), limitMegabytes: 1500 },
  { key: 'memory-weights-2048', title: 'T 2048, weights as JSON', request: post(MULTI_HEAD, wide(2048, ['weights'])), limitMegabytes: 1000 },
]

import { invalid } from '../../errors.ts'
import { defaults } from '../../experiments/config.ts'
import type { ExperimentConfig, ExperimentInput, Pairing, Seeds } from '../../experiments/config.ts'
import { seedPeriod } from '../../experiments/streams.ts'
import { readInput } from '../attention/input.ts'
import { readWhole } from '../read/whole.ts'
import { kindOf, plainObject } from '../read/tensor.ts'
import { maxLength, maxSeed } from '../schemas/common.ts'
import type { ExperimentBody } from './bodies.ts'

/** What a study's configuration fills in. */
export interface StudyDefaults {
  readonly dIn: number
  readonly dOut: number
  readonly dropout: number
  readonly input: { readonly batch: number; readonly seqLen: number }
}

/** The members that every experiment has, of a body that Ajv has passed. Throws a 400 that names the place. */
export function readCommon(body: ExperimentBody, study: StudyDefaults): Omit<ExperimentConfig, 'experiment'> {
  const model = body.model ?? {}
  const pairing = body.pairing ?? defaults.pairing
  const common = {
    dIn: model.d_in ?? study.dIn,
    dOut: model.d_out ?? study.dOut,
    dropout: model.dropout ?? study.dropout,
    input: readExperimentInput(body.input, study.input),
    seeds: readSeeds(body.seeds, pairing),
    pairing,
    confidence: body.confidence ?? defaults.confidence,
    margin: body.margin ?? defaults.margin,
    engine: body.engine,
  }
  if ('values' in common.input && common.input.values.shape[2] !== common.dIn) {
    throw invalid(
      '/input/values',
      `has vectors of width ${common.input.values.shape[2]}, but model.d_in is ${common.dIn}`,
    )
  }
  return common
}

function readExperimentInput(value: unknown, study: { batch: number; seqLen: number }): ExperimentInput {
  if (value === undefined) return study
  const object = plainObject(value, '/input', ['batch', 'seq_len', 'values', 'shape', 'data', 'base64'])
  const given = ['values', 'shape', 'data', 'base64'].some((key) => key in object)
  const sized = ['batch', 'seq_len'].find((key) => key in object)
  if (given && sized !== undefined)
    throw invalid(`/input/${sized}`, 'does not go with given values, which have their own')
  if (given) {
    const input = readInput(object)
    if ('values' in input) return input
  }
  return {
    batch: readLength(object.batch, '/input/batch', study.batch),
    seqLen: readLength(object.seq_len, '/input/seq_len', study.seqLen),
  }
}

function readLength(value: unknown, path: string, fallback: number): number {
  const length = readWhole(value, path, fallback, maxLength)
  if (length < 1) throw invalid(path, 'must be at least 1')
  return length
}

function readSeeds(value: unknown, pairing: Pairing): Seeds {
  if (value === undefined) return defaults.seeds
  const object = plainObject(value, '/seeds', ['first', 'count', 'list'])
  if ('list' in object) {
    const range = ['first', 'count'].find((key) => key in object)
    if (range !== undefined) throw invalid(`/seeds/${range}`, 'does not go with a list')
    return { list: readSeedList(object.list, pairing) }
  }
  const first = readWhole(object.first, '/seeds/first', defaults.seeds.first, maxSeed)
  const count = readWhole(object.count, '/seeds/count', defaults.seeds.count, maxSeed)
  if (count < 1) throw invalid('/seeds/count', 'must be at least 1')
  if (first > maxSeed - (count - 1)) throw invalid('/seeds/count', `goes beyond the greatest seed, ${maxSeed}`)
  if (count > seedPeriod[pairing])
    throw invalid('/seeds/count', `must be at most ${seedPeriod[pairing]}: then the seeds repeat`)
  return { first, count }
}

/** The seed is the statistical unit, so none may count twice. */
function readSeedList(value: unknown, pairing: Pairing): number[] {
  if (!Array.isArray(value)) throw invalid('/seeds/list', `must be an array of seeds, not ${kindOf(value)}`)
  if (value.length === 0) throw invalid('/seeds/list', 'must not be empty')
  const period = seedPeriod[pairing]
  const draws = Float64Array.from(value as unknown[], (seed, i) => {
    if (!Number.isSafeInteger(seed) || (seed as number) < 0)
      throw invalid(`/seeds/list/${i}`, `must be a whole number from 0 to ${maxSeed}, not ${kindOf(seed)}`)
    return (seed as number) % period
  })
  const sorted = draws.toSorted()
  const twice = sorted.find((seed, i) => seed === sorted[i + 1])
  if (twice !== undefined) {
    const earlier = draws.indexOf(twice)
    throw invalid(
      `/seeds/list/${draws.indexOf(twice, earlier + 1)}`,
      `draws what /seeds/list/${earlier} draws: seeds must differ, by other than a multiple of ${period}`,
    )
  }
  return value as number[]
}

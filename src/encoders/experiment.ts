import { Readable } from 'node:stream'
import { recordFields, unitRecords } from '../experiments/records.ts'
import type { Plan, UnitRow } from '../experiments/plan.ts'
import type { Report } from '../experiments/report.ts'
import { encodeCsv } from './csv.ts'
import { toWire, wireName } from './wire-names.ts'

const rowsAtOnce = 500
const piecesAtOnce = 8

/** What an experiment's answer can hold. */
export const experimentReturns = ['report', 'rows'] as const
export type ExperimentReturn = (typeof experimentReturns)[number]

/**
 * An experiment as JSON: the report, and with `rows` one record a unit and arm; rows alone keep what says whose they
 * are.
 */
export function encodeExperimentJson(
  plan: Plan,
  rows: readonly UnitRow[],
  report: Report,
  returns: ReadonlySet<ExperimentReturn>,
): Buffer | Readable {
  const { experiment, config, unit, seeds, engine } = report
  const head = JSON.stringify(toWire(returns.has('report') ? report : { experiment, config, unit, seeds, engine }))
  if (!returns.has('rows')) return Buffer.from(head)
  return whole(
    (function* () {
      yield Buffer.from(`${head.slice(0, -1)},"rows":[`)
      const fields = recordFields(plan).map(wireName)
      let waiting: string[] = []
      let separator = ''
      for (const record of unitRecords(plan, rows)) {
        waiting.push(JSON.stringify(Object.fromEntries(fields.map((field, i) => [field, record[i]]))))
        if (waiting.length < rowsAtOnce) continue
        yield Buffer.from(separator + waiting.join(','))
        separator = ','
        waiting = []
      }
      yield Buffer.from(`${waiting.length > 0 ? separator : ''}${waiting.join(',')}]}`)
    })(),
  )
}

/** The rows as a table. */
export function encodeExperimentCsv(plan: Plan, rows: readonly UnitRow[]): Buffer | Readable {
  return whole(encodeCsv(recordFields(plan).map(wireName), unitRecords(plan, rows)))
}

/** Few pieces at once, with their length; many as a stream that follows its reader. */
function whole(pieces: Generator<Buffer>): Buffer | Readable {
  const first: Buffer[] = []
  // Not for...of, which would end the generator when it is left.
  for (let next = pieces.next(); !next.done; next = pieces.next()) {
    first.push(next.value)
    if (first.length < piecesAtOnce) continue
    return Readable.from(
      (function* () {
        yield* first
        yield* pieces
      })(),
      { objectMode: false, highWaterMark: 1 },
    )
  }
  return Buffer.concat(first)
}

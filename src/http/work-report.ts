/** The header in which a worker tells its gateway what a request was; the gateway takes it off. */
export const reportHeader = 'x-worker-report'

/** Where the time went in the worker (milliseconds), the work it was, and what did it. */
export interface WorkReport {
  readonly queueMs: number
  readonly computeMs: number
  readonly encodeMs: number
  readonly workUnits: number
  /** Name, version and device of the engine; empty when none ran. */
  readonly engine: string
}

export function writeReport({ queueMs, computeMs, encodeMs, workUnits, engine }: WorkReport): string {
  return `${queueMs.toFixed(3)} ${computeMs.toFixed(3)} ${encodeMs.toFixed(3)} ${workUnits.toPrecision(6)} ${engine}`
}

export function readReport(text: string | undefined): WorkReport | null {
  if (text === undefined) return null
  const [queueMs, computeMs, encodeMs, workUnits, ...engine] = text.split(' ')
  return {
    queueMs: Number(queueMs),
    computeMs: Number(computeMs),
    encodeMs: Number(encodeMs),
    workUnits: Number(workUnits),
    engine: engine.join(' '),
  }
}

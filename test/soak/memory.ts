import { setTimeout as sleep } from 'node:timers/promises'
import { residentBytes } from '../support/running-service.ts'

/** What the resident memory of a process did over a run, once warm. */
export interface Growth {
  /** Last against first of the samples after the warm-up, medians of a tenth of them, bytes. */
  readonly grown: number
  /** Slope of a line through those samples, bytes a sample. */
  readonly slope: number
}

/** Samples the resident memory of each process after each of `samples` batches; the first fifth is warm-up. */
export async function watchMemory(
  pids: readonly number[],
  samples: number,
  batch: () => Promise<void>,
): Promise<Growth[]> {
  const seen: number[][] = pids.map(() => [])
  for (let i = 0; i < samples; i++) {
    await batch()
    await sleep(20)
    pids.forEach((pid, i) => seen[i]!.push(residentBytes(pid).now))
  }
  return seen.map((values) => growthOf(values.slice(Math.ceil(samples / 5))))
}

export function growthOf(samples: readonly number[]): Growth {
  const few = Math.max(1, Math.floor(samples.length / 10))
  const middle = (values: readonly number[]): number =>
    [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!
  const meanX = (samples.length - 1) / 2
  const meanY = samples.reduce((sum, y) => sum + y, 0) / samples.length
  let above = 0
  let below = 0
  samples.forEach((y, x) => {
    above += (x - meanX) * (y - meanY)
    below += (x - meanX) ** 2
  })
  return { grown: middle(samples.slice(-few)) - middle(samples.slice(0, few)), slope: above / below }
}

import { readFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os'
import type { Rates } from './rates.ts'

/** The machine and the runtimes in one line, for the head of every table. */
export function machine(): string {
  const pins = readFileSync(new URL('../peer/requirements.txt', import.meta.url), 'utf8')
  const pinned = (name: string): string => `${name} ${new RegExp(`^${name}==(.*)$`, 'm').exec(pins)?.[1]}`
  const memory = Math.round(totalmem() / 2 ** 30)
  return (
    `${cpus()[0]?.model.trim()}, ${availableParallelism()} cores, ${memory} GiB, Node ${process.versions.node}; ` +
    `peer: ${['fastapi', 'uvicorn', 'orjson', 'torch', 'numpy'].map(pinned).join(', ')}`
  )
}

/** What else runs: figures of a busy machine are worth little, and the peer's suffer most. */
export function weather(): string {
  return `Load average when it started: ${loadavg()[0]!.toFixed(1)} of ${availableParallelism()} cores.`
}

/** The processor's name as a part of a file's: `amd-epyc`. */
export function processorSlug(): string {
  const name = cpus()[0]?.model ?? 'unknown'
  return name
    .replace(/\((R|TM)\)|\bCPU\b|@.*$|\d+-Core Processor/gi, ' ')
    .trim()
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
}

/** The measured rates in one line. */
export function ratesLine(rates: Rates): string {
  const one = (value: number): string => value.toFixed(1)
  return (
    `This machine at its best, in the service's runtime: products ${Math.round(rates.gigaflops)} GFLOP/s on ${rates.cores} cores ` +
    `(1024 x 768 by 768 x 768), copy ${one(rates.copyGigabytes)} GB/s, text ${one(rates.textNanoseconds)} ns a number, ` +
    `uniforms ${one(rates.uniformNanoseconds)} and normals ${one(rates.normalNanoseconds)} ns each on one core, ` +
    `loopback socket ${one(rates.socketGigabytes)} GB/s.`
  )
}

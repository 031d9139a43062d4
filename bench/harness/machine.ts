import { readFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os'

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

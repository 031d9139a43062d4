import { rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { Worker } from 'node:worker_threads'

/**
 * No child outlives its gateway. The channel's end says that it is gone; a thread watches for it as well, because a
 * long computation keeps this one from hearing anything.
 */
export function endWithTheGateway(socketPath: string, end: (code: number) => void): void {
  // Signals for the whole process group are the gateway's to answer: it says stop when the last answer is out.
  process.on('SIGTERM', () => {})
  process.on('SIGINT', () => {})
  const gone = (): void => {
    rmSync(dirname(socketPath), { recursive: true, force: true })
    end(0)
  }
  process.on('disconnect', gone)
  if (!process.connected) gone()
  new Worker(new URL('./watch-parent.js', import.meta.url), { workerData: { parent: process.ppid } }).unref()
}

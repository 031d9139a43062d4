// A thread of a worker process: kills the process when its parent is gone, whatever the main thread is busy with.
// Plain JavaScript, so that a thread this small loads nothing.
import { workerData } from 'node:worker_threads'

const everyMs = 1_000

setInterval(() => {
  if (process.ppid !== workerData.parent) process.kill(process.pid, 'SIGKILL')
}, everyMs)

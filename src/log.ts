import pino from 'pino'
import type { Logger } from 'pino'

/** Lines are written together: a write for each costs more than everything else that a gateway does for a request. */
const gatheredBytes = 8_192
const flushEveryMs = 200

/**
 * The process's log: JSON lines, or made for reading when it goes to a terminal. What is gathered is written at exit.
 */
export function createLog(level: string, name: string, terminal: boolean): Logger {
  const options = {
    level,
    base: { process: name, pid: process.pid },
    redact: ['req.headers.authorization', 'req.headers["x-api-key"]'],
  }
  if (!terminal)
    return pino(
      options,
      pino.destination({ fd: 1, sync: false, minLength: gatheredBytes, periodicFlush: flushEveryMs }),
    )
  return pino({
    ...options,
    transport: {
      target: 'pino-pretty',
      options: { translateTime: 'SYS:HH:MM:ss.l', ignore: 'pid,process,reqId', singleLine: true },
    },
  })
}

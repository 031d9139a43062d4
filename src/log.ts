import pino from 'pino'
import type { Logger } from 'pino'

/** The process's log: JSON lines, or made for reading when it goes to a terminal. */
export function createLog(level: string, name: string, terminal: boolean): Logger {
  const options = { level, base: { process: name, pid: process.pid }, redact: ['req.headers.authorization', 'req.headers["x-api-key"]'] }
  if (!terminal) return pino(options)
  return pino({ ...options, transport: { target: 'pino-pretty', options: { translateTime: 'SYS:HH:MM:ss.l', ignore: 'pid,process,reqId', singleLine: true } } })
}

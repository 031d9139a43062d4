import type { Socket } from 'node:net'
import type { ServiceError } from '../errors.ts'
import type { Line } from './queue.ts'
import type { WorkReport } from '../http/work-report.ts'

/**
 * Where an answer goes. Exactly one of `whole`, `begin`, `lend` and `fail` comes first; after `begin`, `data` until
 * `end` or `cut`; after `lend`, `end` or `cut`.
 */
export interface AnswerSink {
  whole(status: number, headers: AnswerHeaders, body: readonly Buffer[], exchange: Exchange): void
  begin(status: number, headers: AnswerHeaders, exchange: Exchange): void
  /** Writes the head and hands the reader's connection to `use`, which writes the body itself. */
  lend(status: number, headers: AnswerHeaders, exchange: Exchange, use: (socket: Socket) => void): void
  /** False when the reader is behind: `resume` is called when it has caught up. */
  data(chunk: Buffer, resume: () => void): boolean
  end(): void
  /** The rest is lost: the reader must see that. */
  cut(): void
  fail(error: ServiceError): void
}

export type AnswerHeaders = Readonly<Record<string, string | string[] | undefined>>

/** A request on its way through the gateway. Its body is here in full, so it can be sent again. */
export class Exchange {
  readonly id: string
  readonly method: string
  readonly path: string
  /** Names and values in turn. */
  readonly headers: readonly string[]
  readonly body: Buffer | null
  readonly line: Line
  readonly seconds: number
  readonly deadlineAt: number
  readonly sink: AnswerSink
  readonly arrivedAt = performance.now()
  /** Workers that ended, and connections that were lost, while they had it alone or with others. */
  deaths = 0
  losses = 0
  queueMs = 0
  report: WorkReport | null = null
  /** Answered, refused or left: nobody waits any more. */
  over = false
  timer: NodeJS.Timeout | undefined

  constructor(
    request: {
      id: string
      method: string
      path: string
      headers: readonly string[]
      body: Buffer | null
      line: Line
      seconds: number
    },
    sink: AnswerSink,
  ) {
    this.id = request.id
    this.method = request.method
    this.path = request.path
    this.headers = request.headers
    this.body = request.body
    this.line = request.line
    this.seconds = request.seconds
    this.deadlineAt = this.arrivedAt + request.seconds * 1000
    this.sink = sink
  }

  /** It was with a worker that died: it goes alone next time, so that a second death is its own. */
  get suspect(): boolean {
    return this.deaths > 0
  }

  fail(error: ServiceError): void {
    if (this.over) return
    this.finish()
    this.sink.fail(error)
  }

  finish(): void {
    this.over = true
    clearTimeout(this.timer)
  }
}

import type { Socket } from 'node:net'
import { ServiceError } from '../errors.ts'
import type { WorkReport } from '../http/work-report.ts'
import type { Line } from './queue.ts'

/**
 * Where an answer goes. Exactly one of `whole`, `begin`, `lend` and `fail` comes first; after `begin`, `data` until
 * `end` or `cut`; after `lend`, `end` or `cut`. `charge` alone may come when nobody waits any more.
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
  /** `spentMs`: for so long a worker computed in vain. */
  fail(error: ServiceError, spentMs?: number): void
  /** Work that was done for a client that has left, or has heard meanwhile that there is no answer. */
  charge(workUnits: number): void
}

export type AnswerHeaders = Readonly<Record<string, string | string[] | undefined>>

/** What a client asks for, in the words in which the process that answers gets it. */
export interface ForwardedRequest {
  readonly id: string
  readonly method: string
  readonly path: string
  /** Names and values in turn. */
  readonly headers: readonly string[]
  readonly body: Buffer | null
  readonly line: Line
  /** From its arrival until it must be answered. */
  readonly seconds: number
}

export function deadlineExceeded({ request: { seconds } }: Exchange): ServiceError {
  return new ServiceError('deadline-exceeded', `The request was not answered within ${seconds} seconds.`)
}

/**
 * A request on its way through the gateway. Its body is here in full, so it can be sent again. What becomes of it is
 * told to it, and it alone changes its fields:
 *
 *     waiting -> sent -> over (finish, fail)
 *        ^---- lost --'
 */
export class Exchange {
  readonly request: ForwardedRequest
  readonly sink: AnswerSink
  readonly arrivedAt = performance.now()
  readonly deadlineAt: number
  #deaths = 0
  #losses = 0
  #queueMs = 0
  #report: WorkReport | null = null
  #over = false
  #timer: NodeJS.Timeout | undefined

  constructor(request: ForwardedRequest, sink: AnswerSink) {
    this.request = request
    this.deadlineAt = this.arrivedAt + request.seconds * 1000
    this.sink = sink
  }

  get id(): string {
    return this.request.id
  }

  get line(): Line {
    return this.request.line
  }

  /** Processes that ended while they had it, alone or with others. */
  get deaths(): number {
    return this.#deaths
  }

  /** How often it has been sent in vain. */
  get triesLost(): number {
    return this.#deaths + this.#losses
  }

  /** It was with a worker that died: it goes alone next time, so that a second death is its own. */
  get suspect(): boolean {
    return this.#deaths > 0
  }

  /** How long it waited here before it was last sent. */
  get queueMs(): number {
    return this.#queueMs
  }

  /** What the worker says that it was, once the head of the answer is here. */
  get report(): WorkReport | null {
    return this.#report
  }

  /** Answered, refused or left: nobody waits any more. */
  get over(): boolean {
    return this.#over
  }

  /** Calls `passed` at the deadline, unless the answer has begun by then. */
  watchDeadline(passed: () => void): void {
    this.#timer = setTimeout(passed, this.deadlineAt - performance.now())
  }

  sent(): void {
    this.#queueMs = performance.now() - this.arrivedAt
  }

  /** The head of its answer is here. */
  heard(report: WorkReport | null): void {
    this.#report = report
  }

  /** The answer begins to go out: the deadline covers queue and compute, not a slow reader. */
  streams(): void {
    clearTimeout(this.#timer)
  }

  /** The connection to the process that had it is lost, because that process `died` or for another reason. */
  lost(died: boolean): void {
    if (died) this.#deaths++
    else this.#losses++
  }

  /** `spentMs`: for so long a worker computed in vain. */
  fail(error: ServiceError, spentMs = 0): void {
    if (this.#over) return
    this.finish()
    this.sink.fail(error, spentMs)
  }

  finish(): void {
    this.#over = true
    clearTimeout(this.#timer)
  }
}

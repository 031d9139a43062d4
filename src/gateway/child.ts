import { spawn } from 'node:child_process'
import type { ChildProcess, SendHandle } from 'node:child_process'
import type { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { FastifyBaseLogger } from 'fastify'
import { childEnvironment } from '../config.ts'
import type { FromChild, ToChild } from './messages.ts'

const mainFile = fileURLToPath(new URL('../main.ts', import.meta.url))
const firstBackOffMs = 500
const longestBackOffMs = 30_000
/** Compiling kernels for a new GPU can take minutes; a child that says nothing for longer is stuck. */
const readyWithinMs = 300_000
/** A connection is lost a moment before the exit of its process is heard. */
export const exitHeardWithinMs = 200

/** What kind of child: its role in main.ts, and what its environment has that the gateway's has not. */
export interface ChildKind {
  readonly role: string
  readonly name: string
  readonly args: readonly string[]
  readonly environment: Readonly<Record<string, string>>
}

export interface Death {
  readonly pid: number
  readonly wasReady: boolean
  /** How long it had been ready, milliseconds. */
  readonly readyForMs: number
  readonly how: string
  /** The gateway killed it for not answering in time; a request's fault, not a crash. */
  readonly killedFor: string | null
}

export interface ChildEvents {
  message(message: FromChild): void
  /** It ended without having been asked to. The next one is started by itself. */
  died(death: Death): void
}

export type ChildState = 'starting' | 'ready' | 'failed' | 'stopping'

/**
 * Keeps one child process of a kind running. A child that was ready is followed by the next at once; deaths before
 * ready wait longer each time. Children end with the gateway: they watch their IPC channel and their parent.
 */
export class Child {
  readonly kind: ChildKind
  readonly #events: ChildEvents
  readonly #log: FastifyBaseLogger
  #process: ChildProcess | null = null
  #state: ChildState = 'starting'
  #readyAt = 0
  #deathsBeforeReady = 0
  #killedFor: string | null = null
  #timer: NodeJS.Timeout | undefined
  #ended: Promise<void> = Promise.resolve()
  #starts = 0

  constructor(kind: ChildKind, log: FastifyBaseLogger, events: ChildEvents) {
    this.kind = kind
    this.#log = log
    this.#events = events
  }

  get state(): ChildState {
    return this.#state
  }

  /** For how long it has been ready, milliseconds; 0 where it is not. */
  get readyForMs(): number {
    return this.#state === 'ready' ? performance.now() - this.#readyAt : 0
  }

  get pid(): number | null {
    return this.#process?.pid ?? null
  }

  get restarts(): number {
    return Math.max(0, this.#starts - 1)
  }

  /** How many in a row ended before they were ready. */
  get deathsBeforeReady(): number {
    return this.#deathsBeforeReady
  }

  start(): void {
    const { role, args, environment, name } = this.kind
    this.#state = 'starting'
    this.#starts++
    this.#killedFor = null
    const child = spawn(
      process.execPath,
      [...process.execArgv.filter((flag) => !flag.startsWith('--watch')), mainFile, role, ...args],
      {
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
        env: childEnvironment(environment),
      },
    )
    this.#process = child
    this.#timer = setTimeout(() => this.kill('it was not ready in time'), readyWithinMs)
    child.on('message', (message) => this.#heard(message as FromChild))
    child.on('error', (error) => this.#log.error({ err: error, child: name }, 'child process'))
    this.#ended = new Promise((resolve) => {
      const ended = (how: string): void => {
        if (this.#process !== child) return
        this.#process = null
        clearTimeout(this.#timer)
        resolve()
        if (this.#state !== 'stopping') this.#next(child.pid ?? 0, how)
      }
      child.once('exit', (code, signal) => ended(signal ?? `exit code ${code}`))
      child.once('error', (error) => {
        if (child.pid === undefined) ended(error.message)
      })
    })
  }

  send(message: ToChild): void {
    // A child that is just dying has no channel; its end is heard as its exit.
    if (this.#process?.connected) this.#process.send(message, () => {})
  }

  /**
   * The same with a connection, which stays open here as well. The handle goes, as node:cluster sends it, and not the
   * Socket: with that, Node's server would ask the child about its connections when it closes, for ever if it had died.
   */
  lend(message: ToChild, socket: Socket): void {
    const { _handle: handle } = socket as unknown as { _handle: SendHandle | null }
    if (handle !== null && this.#process?.connected) this.#process.send(message, handle, () => {})
  }

  /** Kills a child that cannot go on; the next one is started. */
  kill(reason: string): void {
    this.#killedFor = reason
    this.#log.warn({ child: this.kind.name, pid: this.pid, reason }, 'child process is killed')
    this.#process?.kill('SIGKILL')
  }

  /** Asks it to stop, and kills it when it has not within `graceMs`. */
  async stop(graceMs: number): Promise<void> {
    this.#state = 'stopping'
    clearTimeout(this.#timer)
    if (this.#process === null) return
    this.send({ type: 'stop' })
    const killing = setTimeout(() => this.#process?.kill('SIGKILL'), graceMs)
    await this.#ended
    clearTimeout(killing)
  }

  /** Ends it now. */
  destroy(): void {
    this.#state = 'stopping'
    clearTimeout(this.#timer)
    this.#process?.kill('SIGKILL')
  }

  #heard(message: FromChild): void {
    if (this.#state === 'stopping') return
    if (message.type === 'ready') {
      clearTimeout(this.#timer)
      this.#state = 'ready'
      this.#readyAt = performance.now()
      this.#deathsBeforeReady = 0
    } else if (message.type === 'failed') {
      clearTimeout(this.#timer)
      this.#state = 'failed'
    }
    this.#events.message(message)
  }

  #next(pid: number, how: string): void {
    const wasReady = this.#state === 'ready'
    const { readyForMs } = this
    if (!wasReady) this.#deathsBeforeReady++
    const waitMs = wasReady ? 0 : Math.min(longestBackOffMs, firstBackOffMs * 2 ** (this.#deathsBeforeReady - 1))
    this.#log.error({ child: this.kind.name, pid, how, ready: wasReady, again_in_ms: waitMs }, 'child process ended')
    const death = { pid, wasReady, readyForMs, how, killedFor: this.#killedFor }
    this.#state = 'starting'
    if (waitMs === 0) this.start()
    else this.#timer = setTimeout(() => this.start(), waitMs)
    this.#events.died(death)
  }
}

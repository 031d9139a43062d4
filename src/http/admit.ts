import { setImmediate } from 'node:timers/promises'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { ClientLeft, Deadline, requestedSeconds } from '../admission/deadline.ts'
import type { MemoryLedger } from '../admission/memory-ledger.ts'
import type { TurnTiming, Turns } from '../admission/turns.ts'
import { unitsSpent } from '../admission/work-units.ts'
import type { Engines } from '../engines/select.ts'
import { callHeader } from './calls.ts'
import type { Calls } from './calls.ts'

/** The computing side of a process: what its routes share. */
export interface Computing {
  readonly engines: Engines
  readonly turns: Turns
  readonly memory: MemoryLedger
  /** Null where no gateway calls. */
  readonly calls: Calls | null
}

/** What a request will take, at most about. */
export interface RequestNeeds {
  readonly bytes: number
  readonly workUnits: number
  /** From its arrival on. */
  readonly seconds: number
  check?(): void
}

/** Less work, about a millisecond, is done sooner than it is found out whether anybody still waits for it. */
const unitsWorthALook = 1.01

/**
 * Runs one request's work in its turn: memory first, decided at once, then a place, then the work itself, all within
 * the deadline. The memory is given back when the answer is out or its client gone. What `check` refuses is refused
 * before it waits, but not before its memory is known to be there. `signal` aborts when the client leaves or the
 * deadline passes; work that is over in a moment gets none. What is charged is the estimate, or where the work came to
 * nothing what was spent on it.
 */
export async function admit<T>(
  computing: Computing,
  request: FastifyRequest,
  reply: FastifyReply,
  needs: RequestNeeds,
  work: (signal: AbortSignal | undefined) => Promise<T>,
): Promise<T> {
  const seconds = requestedSeconds(request.headers['request-timeout'], needs.seconds)
  const reservation = computing.memory.reserve(needs.bytes)
  const deadline = new Deadline(seconds)
  reply.raw.once('close', () => {
    reservation.release()
    if (!reply.raw.writableFinished) deadline.leave()
  })
  const isLong = needs.workUnits > unitsWorthALook
  const call = request.headers[callHeader] as string | undefined
  if (call !== undefined && computing.calls?.begin(call) === false) throw new ClientLeft('the client left')
  try {
    needs.check?.()
    const result = await computing.turns.run(deadline, request.timing, async () => {
      if (isLong && (await hasLeft(request))) deadline.leave()
      deadline.throwIfOver()
      return work(isLong ? deadline.signal : undefined)
    })
    deadline.throwIfOver()
    request.workUnits = needs.workUnits
    return result
  } catch (error) {
    request.workUnits = Math.min(needs.workUnits, 1 + unitsSpent(request.timing.computeMs))
    if (error instanceof ClientLeft) request.chargeLate?.(request.workUnits)
    throw error
  } finally {
    deadline.clear()
    if (call !== undefined) computing.calls?.end(call, request.workUnits)
  }
}

/** What long work does between two of its steps: whoever waits has a turn. */
export function givingWay(computing: Computing, timing: TurnTiming): () => Promise<void> {
  return async () => {
    await setImmediate()
    await computing.turns.giveWay(timing)
  }
}

/**
 * Whether the client left while this process was busy: one turn of the event loop reads the end of its connection
 * behind its request, the next one tells.
 */
async function hasLeft({ raw: { socket } }: FastifyRequest): Promise<boolean> {
  await setImmediate()
  await setImmediate()
  return socket.readableEnded || socket.destroyed
}

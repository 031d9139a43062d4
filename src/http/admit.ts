import { setImmediate } from 'node:timers/promises'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Deadline, requestedSeconds } from '../admission/deadline.ts'
import type { MemoryLedger } from '../admission/memory-ledger.ts'
import type { Turns } from '../admission/turns.ts'
import type { Engines } from '../engines/select.ts'

/** The computing side of a process: what its routes share. */
export interface Computing {
  readonly engines: Engines
  readonly turns: Turns
  readonly memory: MemoryLedger
}

/** Less work, about a millisecond, is done sooner than it is found out whether anybody still waits for it. */
const unitsWorthALook = 1.01

/**
 * Runs one request's work in its turn: memory first, decided at once, then a place, then the work itself, all within
 * the deadline. The memory is given back when the answer is out or its client gone. Work that goes on after its client
 * left, or past its deadline, sees the deadline's `signal` aborted. What `check` refuses is refused before it waits, but
 * not before its memory is known to be there.
 */
export async function admit<T>(
  computing: Computing,
  request: FastifyRequest,
  reply: FastifyReply,
  needs: { bytes: number; seconds: number; check?: () => void },
  work: (deadline: Deadline) => Promise<T>,
): Promise<T> {
  const seconds = requestedSeconds(request.headers['request-timeout'], needs.seconds)
  const reservation = computing.memory.reserve(needs.bytes)
  const deadline = new Deadline(seconds)
  reply.raw.once('close', () => {
    reservation.release()
    if (!reply.raw.writableFinished) deadline.leave()
  })
  try {
    needs.check?.()
    const result = await computing.turns.run(deadline, request.timing, async () => {
      if (request.workUnits > unitsWorthALook && (await hasLeft(request))) deadline.leave()
      deadline.throwIfOver()
      return work(deadline)
    })
    deadline.throwIfOver()
    return result
  } finally {
    deadline.clear()
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

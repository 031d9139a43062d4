import type { FastifyRequest } from 'fastify'
import { Deadline, requestedSeconds } from '../admission/deadline.ts'

/**
 * What `work` comes to within the request's time: `limitSeconds`, or less where Request-Timeout asks for less. Work that
 * nobody waits for any more goes on unheard. Throws deadline-exceeded.
 */
export async function withinDeadline<T>(
  request: FastifyRequest,
  limitSeconds: number,
  work: () => Promise<T>,
): Promise<T> {
  const deadline = new Deadline(requestedSeconds(request.headers['request-timeout'], limitSeconds))
  const { signal } = deadline
  const over = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
  })
  try {
    return await Promise.race([work(), over])
  } finally {
    deadline.clear()
  }
}

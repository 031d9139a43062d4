import type { FastifyReply } from 'fastify'

/** A Vary header with the names of both, each once. */
export function joinedVary(one: string, other: string): string {
  const names = new Map(
    [...one.split(','), ...other.split(',')].map((name) => [name.trim().toLowerCase(), name.trim()]),
  )
  return [...names.values()].join(', ')
}

/** Says that an answer depends on a header of the request, beside what was said before (CORS says Origin). */
export function addToVary(reply: FastifyReply, name: string): FastifyReply {
  const said = reply.getHeader('vary')
  return reply.header('vary', said === undefined ? name : joinedVary(String(said), name))
}

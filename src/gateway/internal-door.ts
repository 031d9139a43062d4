import { createServer } from 'node:http'
import type { IncomingMessage } from 'node:http'
import type { Server, Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'

/**
 * A second way into the gateway's app: a Unix socket in its private folder, for the service's own children. What comes
 * through it needs no key, counts against no rate, and waits behind everybody else.
 */
export interface InternalDoor {
  readonly path: string
  listen(app: FastifyInstance): Promise<void>
  isInternal(request: IncomingMessage): boolean
  close(): Promise<void>
}

export function openInternalDoor(path: string): InternalDoor {
  let server: Server | undefined
  const sockets = new WeakSet<Socket>()
  return {
    path,
    async listen(app) {
      const http = createServer({ requestTimeout: 0, keepAliveTimeout: 0 }, (request, response) =>
        app.routing(request, response),
      )
      http.on('connection', (socket) => sockets.add(socket))
      server = http
      await new Promise<void>((resolve, reject) => {
        http.once('error', reject)
        http.listen(path, resolve)
      })
    },
    isInternal: ({ socket }) => sockets.has(socket),
    async close() {
      await new Promise<void>((resolve) => {
        if (server === undefined) return resolve()
        server.close(() => resolve())
        ;(server as ReturnType<typeof createServer>).closeAllConnections()
      })
    },
  }
}

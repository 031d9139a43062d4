import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { ConfigError } from '../config.ts'
import type { Config } from '../config.ts'
import { dashboardIsBuilt } from './routes/dashboard.ts'

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: 'something else listens there already',
  EACCES: 'this user may not listen there',
  EADDRNOTAVAIL: 'this machine has no such address',
  ENOTFOUND: 'the host is not known',
}

/** Opens the service's port. @throws ConfigError where it cannot be had */
export async function listen(app: FastifyInstance, { HOST, PORT }: Config): Promise<void> {
  try {
    await app.listen({ host: HOST, port: PORT })
  } catch (error) {
    const reason = reasons[(error as NodeJS.ErrnoException).code ?? '']
    if (reason === undefined) throw error
    throw new ConfigError(`PORT ${PORT} of HOST ${HOST} cannot be had: ${reason}`)
  }
}

/** The last line of the start on a terminal: where to go with a browser. */
export function announcePage(app: FastifyInstance, { HOST, BASE_PATH }: Config): void {
  const { port } = app.server.address() as AddressInfo
  const host = HOST === '0.0.0.0' || HOST === '::' ? 'localhost' : HOST
  const service = `http://${host.includes(':') ? `[${host}]` : host}:${port}${BASE_PATH}`
  if (dashboardIsBuilt()) app.log.info(`Dashboard: ${service}/`)
  else app.log.info(`API: ${service}/docs (npm run build:dashboard builds the dashboard)`)
}

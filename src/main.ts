import { ConfigError, gpusOf, readConfig } from './config.ts'
import type { Config } from './config.ts'
import { lockDataDir } from './data-dir.ts'
import { serveGateway } from './gateway/gateway.ts'
import { announcePage, listen } from './http/listen.ts'
import { createLog } from './log.ts'
import type { ServiceProcess } from './gateway/service-process.ts'

/** Ctrl-C reaches this process from the terminal and from npm, a moment apart: that is one SIGINT. */
const sameInterruptMs = 500

/** A gateway's or a lone process's life: SIGTERM or SIGINT answers what was accepted, the second one ends now. */
function endOnSignals(service: ServiceProcess): void {
  let stoppedAt: number | undefined
  const stop = (signal: NodeJS.Signals): void => {
    if (stoppedAt === undefined) {
      stoppedAt = performance.now()
      void service.stop().then(() => process.exit(0))
    } else if (signal !== 'SIGINT' || performance.now() - stoppedAt > sameInterruptMs) {
      service.destroy()
      process.exit(1)
    }
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
}

/** Everything in one process. The code that computes is loaded only where it is needed. */
async function serveAlone(config: Config): Promise<void> {
  const { createService } = await import('./service.ts')
  const log = createLog(config.LOG_LEVEL, 'service', process.stdout.isTTY)
  lockDataDir(config, (reason) => log.warn(reason))
  const service = await createService(config, log)
  endOnSignals({ stop: () => service.close(), destroy: () => {} })
  await listen(service.app, config)
  await service.verify()
  const { status, reason } = service.readiness
  log.info({ engine: service.engines.main.name, device: service.engines.main.device, reason }, status)
  if (process.stdout.isTTY && status === 'ready') announcePage(service.app, config)
}

/** Which of its processes this is: what a user starts, or a child that its gateway starts. */
async function serve(config: Config, role: string | undefined, parameters: readonly string[]): Promise<void> {
  if (role === 'worker') {
    const { serveWorker } = await import('./processes/worker.ts')
    const [id, socketPath] = parameters
    return serveWorker(config, id!, socketPath!, (code) => process.exit(code))
  }
  if (role === 'jobs') {
    const { serveJobs } = await import('./processes/jobs.ts')
    const [socketPath, gatewaySocketPath] = parameters
    return serveJobs(config, socketPath!, gatewaySocketPath!, (code) => process.exit(code))
  }
  if (config.WORKERS === 0) return serveAlone(config)
  const log = createLog(config.LOG_LEVEL, 'gateway', process.stdout.isTTY)
  lockDataDir(config, (reason) => log.warn(reason))
  endOnSignals(await serveGateway(config, log, gpusOf()))
}

try {
  const [role, ...parameters] = process.argv.slice(2)
  await serve(readConfig(), role, parameters)
} catch (error) {
  if (!(error instanceof ConfigError)) throw error
  process.stderr.write(`attention-service: ${error.message}\n`)
  process.exit(2)
}

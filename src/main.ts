import { availableParallelism } from 'node:os'
import { computeParts, computingWith } from './http/compute-parts.ts'
import { buildApp } from './http/app.ts'
import { Readiness } from './http/readiness.ts'
import { engineRoutes } from './http/routes/engines.ts'
import { healthRoutes } from './http/routes/health.ts'
import { ConfigError, readConfig } from './config.ts'
import type { Config } from './config.ts'
import { loadEngines } from './engines/load.ts'
import { verifyEngine } from './engines/readiness.ts'
import { createLog } from './log.ts'
import { version } from './version.ts'

async function serveAlone(config: Config): Promise<void> {
  const log = createLog(config.LOG_LEVEL, 'service', process.stdout.isTTY)
  const readiness = new Readiness()
  const engines = await loadEngines({ engine: config.ENGINE, device: config.DEVICE, threads: availableParallelism(), version })
  const computing = computingWith(config, engines)
  const app = await buildApp(config, log, [
    healthRoutes(readiness, () => true),
    engineRoutes(config, { availability: () => engines.availability, workers: () => [] }),
    ...computeParts(config, computing, readiness),
  ])
  const stop = async (): Promise<void> => {
    readiness.draining()
    await app.close()
    await engines.close()
    process.exit(0)
  }
  process.once('SIGTERM', () => void stop())
  process.once('SIGINT', () => void stop())
  await app.listen({ host: config.HOST, port: config.PORT })
  try {
    for (const engine of engines.all) await verifyEngine(engine, engines.named('reference'))
    readiness.ready()
    log.info({ engine: engines.main.name, device: engines.main.device }, 'ready')
  } catch (error) {
    readiness.failed((error as Error).message)
    log.error({ err: error }, 'not ready')
  }
}

try {
  await serveAlone(readConfig())
} catch (error) {
  if (!(error instanceof ConfigError)) throw error
  process.stderr.write(`attention-service: ${error.message}\n`)
  process.exit(2)
}

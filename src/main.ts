import { ConfigError, readConfig } from './config.ts'
import type { Config } from './config.ts'
import { createLog } from './log.ts'
import { createService } from './service.ts'

async function serveAlone(config: Config): Promise<void> {
  const log = createLog(config.LOG_LEVEL, 'service', process.stdout.isTTY)
  const service = await createService(config, log)
  const stop = async (): Promise<void> => {
    service.readiness.draining()
    await service.close()
    process.exit(0)
  }
  process.once('SIGTERM', () => void stop())
  process.once('SIGINT', () => void stop())
  await service.app.listen({ host: config.HOST, port: config.PORT })
  await service.verify()
  const { status, reason } = service.readiness
  log.info({ engine: service.engines.main.name, device: service.engines.main.device, reason }, status)
}

try {
  await serveAlone(readConfig())
} catch (error) {
  if (!(error instanceof ConfigError)) throw error
  process.stderr.write(`attention-service: ${error.message}\n`)
  process.exit(2)
}

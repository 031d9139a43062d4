import pino from 'pino'
import { readConfig } from '../../src/config.ts'
import { createService } from '../../src/service.ts'
import type { Service } from '../../src/service.ts'

/** The service as WORKERS=0 runs it, verified and silent, for `inject`. */
export async function startService(environment: Readonly<Record<string, string>> = {}): Promise<Service> {
  const service = await createService(readConfig({ WORKERS: '0', ...environment }), pino({ level: 'silent' }))
  await service.verify()
  return service
}

import { reportHeader, writeReport } from '../work-report.ts'
import type { AppPart } from '../app.ts'
import { engineText } from './request-log.ts'

/** Tells the gateway what each answer cost: it keeps the metrics, the log and the rate. */
export const reportWork: AppPart = (app) => {
  app.addHook('onSend', (request, reply, _payload, done) => {
    const { timing, workUnits, engineUsed } = request
    if (workUnits > 0)
      reply.header(
        reportHeader,
        writeReport({ ...timing, workUnits, engine: engineUsed === null ? '' : engineText(engineUsed) }),
      )
    done()
  })
}

import { DeviceFailed } from '../../engines/failure.ts'
import type { AppPart } from '../app.ts'

/** Ends the process once an answer that says that the device failed is out: see DeviceFailed. */
export function endWithDevice(end: () => void): AppPart {
  return (app) => {
    app.addHook('onError', async (_request, reply, error) => {
      if (error instanceof DeviceFailed) reply.raw.once('close', end)
    })
  }
}

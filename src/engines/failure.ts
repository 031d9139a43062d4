import { ServiceError } from '../errors.ts'
import type { Device, EngineName } from './engine.ts'

/**
 * The device failed in the middle of a run: out of memory, or a CUDA error after which a context can go on answering
 * with wrong numbers. The process is not to be used any more; one that starts anew proves itself first.
 */
export class DeviceFailed extends ServiceError {
  constructor(engine: EngineName, cause: unknown) {
    super('engine-failed', `The ${engine} engine failed on the GPU; its worker is started anew.`, { cause })
  }
}

/** What a failed run becomes. */
export function engineFailure(engine: EngineName, device: Device, cause: unknown): ServiceError {
  return device === 'gpu'
    ? new DeviceFailed(engine, cause)
    : new ServiceError('engine-failed', `The ${engine} engine failed.`, { cause })
}

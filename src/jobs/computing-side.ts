import type { EngineName } from '../engines/engine.ts'
import type { Availability } from '../engines/select.ts'
import { ServiceError } from '../errors.ts'
import type { ComputeChunk } from './runner.ts'

/** Those who compute, as the jobs see them. */
export interface ComputingSide {
  readonly compute: ComputeChunk
  /** What runs there; empty while nobody is up to say so. */
  engines(): Promise<readonly Availability[]>
}

/** Refuses an engine that nobody here runs, in the words of the synchronous call. */
export async function checkEngine(side: ComputingSide, name: EngineName | undefined): Promise<void> {
  if (name === undefined) return
  const engines = await side.engines()
  if (engines.find((engine) => engine.name === name)?.available !== false) return
  const message = `${name} is not enabled here; enabled are ${engines
    .filter(({ available }) => available)
    .map(({ name }) => name)
    .join(', ')} (GET /engines says why)`
  throw new ServiceError('engine-not-enabled', message, { places: [{ path: '/engine', message }] })
}

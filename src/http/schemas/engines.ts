import { Type } from '@sinclair/typebox'
import { engineNames } from '../../engines/engine.ts'
import { literals } from './common.ts'

export const EngineNameBody = literals(engineNames)

/** How an engine names itself in answers. */
export const EngineIdentityBody = Type.Object({
  name: EngineNameBody,
  device: Type.Union([Type.Literal('cpu'), Type.Literal('gpu')]),
  version: Type.String(),
})

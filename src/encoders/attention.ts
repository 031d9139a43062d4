import type { Readable } from 'node:stream'
import type { AttentionResult } from '../attention/result.ts'
import { encodeJson } from './json.ts'
import { encodeNpz } from './npz.ts'

/** The forms that an attention result can take. */
export const attentionForms = ['json', 'npz'] as const
export type AttentionForm = (typeof attentionForms)[number]

/** A result as bytes: small ones whole, large ones as a stream that follows its reader. */
export async function encodeAttention(result: AttentionResult, form: AttentionForm): Promise<Buffer | Readable> {
  return form === 'json' ? encodeJson(result) : encodeNpz(result)
}

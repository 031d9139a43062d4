import { UnsupportedModel } from '../unsupported.ts'
import { BPE, WordPiece } from './library.ts'
import type { Component } from './normalizers.ts'

/** A token of a piece of text, and the UTF-16 units of the piece that it stands for. */
export interface Piece {
  readonly id: number
  readonly from: number
  readonly to: number
}

export type ToPieces = (text: string) => Piece[]

/**
 * The model of a tokenizer.json, the part that knows the vocabulary. @huggingface/tokenizers merges and matches; which
 * part of the text a token stands for is found here.
 * @throws UnsupportedModel
 */
export function modelOf(component: Component): ToPieces {
  const vocabulary = component.vocab
  if (typeof vocabulary !== 'object' || vocabulary === null || Array.isArray(vocabulary))
    throw new UnsupportedModel('tokenizer.json: the model has no vocabulary of tokens and ids')
  const ids = new Map(Object.entries(vocabulary as Record<string, number>))
  // Files of before the type was written have merges or not.
  const type = component.type ?? ('merges' in component ? 'BPE' : 'WordPiece')
  if (type === 'BPE') return bytePairs(component, ids)
  if (type === 'WordPiece') return wordPieces(component, ids)
  throw new UnsupportedModel(`tokenizer.json: the model ${String(type)} is not supported`)
}

function bytePairs(component: Component, ids: ReadonlyMap<string, number>): ToPieces {
  for (const name of ['continuing_subword_prefix', 'end_of_word_suffix', 'dropout'])
    if (component[name] !== null && component[name] !== undefined && component[name] !== '')
      throw new UnsupportedModel(`tokenizer.json: ${name} of the model BPE is not supported`)
  const model = new BPE(component)
  const unknown = ids.get(component.unk_token as string)
  const fuses = component.fuse_unk === true
  const bytes = component.byte_fallback === true ? byteTokens(ids) : null
  const encoder = new TextEncoder()

  return (text) => {
    const whole = component.ignore_merges === true ? ids.get(text) : undefined
    if (whole !== undefined) return [{ id: whole, from: 0, to: text.length }]
    const pieces: Piece[] = []
    let at = 0
    let lastIsUnknown = false
    for (const token of model.bpe(text)) {
      const [from, to] = [at, at + token.length]
      at = to
      const id = ids.get(token)
      const spelled = id === undefined && bytes !== null ? spell(encoder.encode(token), bytes) : null
      const isUnknown = id === undefined && spelled === null
      if (id !== undefined) pieces.push({ id, from, to })
      else if (spelled !== null) pieces.push(...spelled.map((id) => ({ id, from, to })))
      else if (unknown !== undefined) {
        const last = pieces.at(-1)
        if (fuses && lastIsUnknown && last !== undefined) pieces[pieces.length - 1] = { ...last, to }
        else pieces.push({ id: unknown, from, to })
      }
      lastIsUnknown = isUnknown
    }
    return pieces
  }
}

/** The tokens `<0x00>` to `<0xFF>`; undefined for a byte that has none. */
function byteTokens(ids: ReadonlyMap<string, number>): (number | undefined)[] {
  return Array.from({ length: 256 }, (_, byte) => ids.get(`<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`))
}

/** A character by the tokens of its bytes, or null where one has none. */
function spell(bytes: Uint8Array, tokens: readonly (number | undefined)[]): number[] | null {
  const ids = Array.from(bytes, (byte) => tokens[byte])
  return ids.every((id) => id !== undefined) ? ids : null
}

function wordPieces(component: Component, ids: ReadonlyMap<string, number>): ToPieces {
  const prefix = (component.continuing_subword_prefix as string | undefined) ?? '##'
  const unknownToken = (component.unk_token as string | undefined) ?? '[UNK]'
  const unknown = ids.get(unknownToken)
  if (unknown === undefined) throw new UnsupportedModel(`tokenizer.json: the vocabulary has no ${unknownToken}`)
  const model = new WordPiece({ ...component, continuing_subword_prefix: prefix, unk_token: unknownToken })
  return (text) => {
    const tokens = model.encode([text])
    const lengths = tokens.map((token, index) => token.length - (index === 0 ? 0 : prefix.length))
    // A word that cannot be spelled is unknown as a whole.
    if (lengths.reduce((sum, length) => sum + length, 0) !== text.length)
      return [{ id: unknown, from: 0, to: text.length }]
    let at = 0
    return tokens.map((token, index) => {
      const from = at
      at += lengths[index]!
      return { id: ids.get(token)!, from, to: at }
    })
  }
}

import { invalid } from '../../errors.ts'
import type { TextInput } from '../../models/model-text.ts'
import type { ModelAttentionRequest, TokenizeRequest } from './schema.ts'

/** The one of text, token_ids and messages that a body has. Throws a 400 where it has none or several. */
export function readText(body: TokenizeRequest): TextInput {
  const { text, token_ids: tokenIds, messages, special_tokens: specialTokens } = body
  const given = [text, tokenIds, messages].filter((each) => each !== undefined)
  if (given.length !== 1) throw invalid('', 'must have exactly one of text, token_ids and messages')
  if (specialTokens !== undefined && text === undefined)
    throw invalid('/special_tokens', 'goes with text: ids and chats have their special tokens already')
  if (text !== undefined) return { text, specialTokens: specialTokens ?? true }
  if (tokenIds !== undefined) return { tokenIds }
  return { messages: messages! }
}

/** A layer and the heads that are asked of it; null: all. */
export interface ChosenLayer {
  readonly layer: number
  readonly heads: readonly number[] | null
}

/** The layers in ascending order with their heads. `heads` gives the number of heads of each layer of the model. */
export function readLayers(body: ModelAttentionRequest, heads: readonly number[]): ChosenLayer[] {
  const layerAt = (given: number, path: string): number => {
    const layer = given < 0 ? given + heads.length : given
    if (layer < 0 || layer >= heads.length)
      throw invalid(path, `must be a layer of the model: from ${-heads.length} to ${heads.length - 1}`)
    return layer
  }
  const checkHead = (layer: number, head: number, path: string): void => {
    if (head < 0 || head >= heads[layer]!)
      throw invalid(path, `must be a head of layer ${layer}: from 0 to ${heads[layer]! - 1}`)
  }
  if (body.pairs !== undefined) {
    for (const name of ['layers', 'heads'] as const)
      if (body[name] !== undefined) throw invalid(`/${name}`, 'does not go with pairs')
    const byLayer = new Map<number, number[]>()
    for (const [i, pair] of body.pairs.entries()) {
      const [given, head] = pair as [number, number]
      const layer = layerAt(given, `/pairs/${i}/0`)
      checkHead(layer, head, `/pairs/${i}/1`)
      const chosen = byLayer.get(layer) ?? []
      if (chosen.includes(head)) throw invalid(`/pairs/${i}`, 'is there twice')
      byLayer.set(layer, [...chosen, head])
    }
    return [...byLayer].map(([layer, of]) => ({ layer, heads: of })).sort((a, b) => a.layer - b.layer)
  }
  const { layers = 'all' } = body
  const chosen =
    layers === 'all' ? heads.map((_, layer) => layer) : layers.map((given, i) => layerAt(given, `/layers/${i}`))
  if (new Set(chosen).size < chosen.length) throw invalid('/layers', 'names a layer twice')
  for (const layer of chosen) body.heads?.forEach((head, i) => checkHead(layer, head, `/heads/${i}`))
  return chosen.sort((a, b) => a - b).map((layer) => ({ layer, heads: body.heads ?? null }))
}

/** Positions, both within, of `count`; null for all. Out of range is refused, never clamped. */
export function readRange(given: readonly number[] | undefined, path: string, count: number): [number, number] | null {
  if (given === undefined) return null
  const [first, last] = given.map((position, i) => {
    const at = position < 0 ? position + count : position
    if (at < 0 || at >= count) throw invalid(`${path}/${i}`, `must be a position of the ${count} tokens`)
    return at
  }) as [number, number]
  if (first > last) throw invalid(`${path}/0`, 'must not be after the last one')
  return [first, last]
}

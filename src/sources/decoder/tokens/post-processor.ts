import { UnsupportedModel } from '../unsupported.ts'
import { isBlank } from './blanks.ts'
import { spaceCharacter } from './byte-level.ts'
import type { Component } from './normalizers.ts'

/** A token with the code points of the text that it stands for. */
export interface PlacedToken {
  readonly id: number
  readonly start: number
  readonly end: number
  /** Added by the tokenizer, not found in the text. */
  readonly special: boolean
}

export type PostProcess = (tokens: readonly PlacedToken[], addSpecial: boolean) => readonly PlacedToken[]

/**
 * The post-processor of a tokenizer.json: which tokens are added to one text, and whether offsets leave out blanks
 * (https://github.com/huggingface/tokenizers/tree/main/tokenizers/src/processors). `tokenOf` gives a token's spelling.
 * @throws UnsupportedModel
 */
export function postProcessorOf(component: Component | null, tokenOf: (id: number) => string): PostProcess {
  if (component === null) return (tokens) => tokens
  const type = component.type as string
  switch (type) {
    case 'Sequence': {
      const all = (component.processors as Component[]).map((each) => postProcessorOf(each, tokenOf))
      return (tokens, addSpecial) => all.reduce((processed, process) => process(processed, addSpecial), tokens)
    }
    case 'ByteLevel':
      return (tokens) => (component.trim_offsets === false ? tokens : trimmed(tokens, component, tokenOf))
    case 'TemplateProcessing': {
      const { before, after } = template(component)
      return surrounded(before, after)
    }
    case 'BertProcessing':
    case 'RobertaProcessing': {
      const [[, end], [, begin]] = [component.sep, component.cls] as [[string, number], [string, number]]
      const surround = surrounded([begin], [end])
      if (type === 'BertProcessing' || component.trim_offsets === false) return surround
      return (tokens, addSpecial) => surround(trimmed(tokens, component, tokenOf), addSpecial)
    }
    default:
      throw new UnsupportedModel(`tokenizer.json: the post-processor ${type} is not supported`)
  }
}

function surrounded(before: readonly number[], after: readonly number[]): PostProcess {
  const added = (id: number): PlacedToken => ({ id, start: 0, end: 0, special: true })
  return (tokens, addSpecial) => (addSpecial ? [...before.map(added), ...tokens, ...after.map(added)] : tokens)
}

/** The ids before and after the text in a template for one text. */
function template({ single, special_tokens: special }: Component): { before: number[]; after: number[] } {
  const before: number[] = []
  const after: number[] = []
  let seen = false
  for (const part of single as { SpecialToken?: { id: string }; Sequence?: { id: string } }[]) {
    if (part.Sequence !== undefined) {
      if (seen) throw new UnsupportedModel('tokenizer.json: a template that repeats the text is not supported')
      seen = true
      continue
    }
    const { ids } = (special as Record<string, { ids: number[] }>)[part.SpecialToken!.id]!
    ;(seen ? after : before).push(...ids)
  }
  return { before, after }
}

/** Offsets without the blanks at a token's ends. */
function trimmed(
  tokens: readonly PlacedToken[],
  { add_prefix_space: addsPrefix = true }: Component,
  tokenOf: (id: number) => string,
): PlacedToken[] {
  const blank = (character: string): boolean => character === spaceCharacter || isBlank(character)
  const countBlanks = (characters: readonly string[]): number => {
    const first = characters.findIndex((character) => !blank(character))
    return first === -1 ? characters.length : first
  }
  return tokens.map((token, index) => {
    const characters = [...tokenOf(token.id)]
    let leading = countBlanks(characters)
    const trailing = countBlanks(characters.toReversed())
    // A blank that was put before the text is not part of it.
    if (leading > 0 && addsPrefix === true && (index === 0 || token.start === 0)) leading--
    const start = Math.min(token.start + leading, token.end)
    const end = trailing > 0 && token.end >= trailing ? Math.max(token.end - trailing, start) : token.end
    return { ...token, start, end }
  })
}

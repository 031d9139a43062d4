import { UnsupportedModel } from '../unsupported.ts'
import { splitterAtAddedTokens } from './added-tokens.ts'
import { AlignedText } from './aligned-text.ts'
import { Tokenizer as HuggingFaceTokenizer } from './library.ts'
import { normalizerOf } from './normalizers.ts'
import type { Component } from './normalizers.ts'
import { modelOf } from './pieces.ts'
import { postProcessorOf } from './post-processor.ts'
import type { PlacedToken } from './post-processor.ts'
import { preTokenizerOf } from './pre-tokenizers.ts'

export type { PlacedToken } from './post-processor.ts'

/** Text to tokens and back, as a model's tokenizer.json says. */
export interface Tokenizer {
  /** One more than the largest id. */
  readonly vocabulary: number
  /** Ids of the vocabulary in ascending order, without the tokens that were added to it, special ones among them. */
  ordinary(): readonly number[]
  /**
   * Tokens with their offsets in code points, as `offset_mapping` of the Python library. Tokens that share a character
   * each have all of it. The text must be well-formed Unicode.
   */
  encode(text: string, addSpecialTokens: boolean): readonly PlacedToken[]
  /** A token decoded by itself, special ones by their names; undefined where there is no such token. */
  textOf(id: number): string | undefined
}

/**
 * @param tokenizer the object of tokenizer.json
 * @throws UnsupportedModel where a part of it is not supported or broken
 */
export function readTokenizer(tokenizer: Readonly<Record<string, unknown>>): Tokenizer {
  try {
    return build(tokenizer)
  } catch (error) {
    if (error instanceof UnsupportedModel) throw error
    throw new UnsupportedModel(`tokenizer.json cannot be read: ${(error as Error).message}`)
  }
}

function build(json: Readonly<Record<string, unknown>>): Tokenizer {
  const component = (name: string): Component | null => (json[name] ?? null) as Component | null
  const preTokenize = preTokenizerOf(component('pre_tokenizer'))
  const toPieces = modelOf(component('model')!)
  const process = postProcessorOf(component('post_processor'), (id) => decoding.id_to_token(id) ?? '')
  const added = json.added_tokens as Parameters<typeof splitterAtAddedTokens>[0]
  const split = splitterAtAddedTokens(added, normalizerOf(component('normalizer')))
  const decoding = new HuggingFaceTokenizer(json, { clean_up_tokenization_spaces: false })
  const texts = new Map<number, string>()
  return {
    vocabulary: Math.max(...decoding.get_vocab().values()) + 1,
    ordinary() {
      const others = new Set((added ?? []).map(({ id }) => id))
      return [...new Set(decoding.get_vocab().values())].filter((id) => !others.has(id)).sort((a, b) => a - b)
    },
    encode(text, addSpecialTokens) {
      const tokens = split(AlignedText.of(text)).flatMap((section): PlacedToken[] => {
        if (section.id !== null) return [placed(section.id, section.text, 0, section.text.length)]
        return preTokenize(section.text).flatMap((piece) =>
          toPieces(piece.text).map(({ id, from, to }) => placed(id, piece, from, to)),
        )
      })
      return process(tokens, addSpecialTokens)
    },
    textOf(id) {
      if (decoding.id_to_token(id) === undefined) return undefined
      const known = texts.get(id) ?? decoding.decode([id], { clean_up_tokenization_spaces: false })
      texts.set(id, known)
      return known
    },
  }
}

function placed(id: number, text: AlignedText, from: number, to: number): PlacedToken {
  const [start, end] = text.origin(from, to)
  return { id, start, end, special: false }
}

import { ServiceError, invalid } from '../errors.ts'
import { InvalidChat } from '../sources/decoder/tokens/chat-template.ts'
import type { ChatMessage, ChatTemplate } from '../sources/decoder/tokens/chat-template.ts'
import type { Tokenizer } from '../sources/decoder/tokens/tokenizer.ts'

/** What a model is asked about: one of the three. */
export type TextInput =
  | { readonly text: string; readonly specialTokens: boolean }
  | { readonly tokenIds: readonly number[] }
  | { readonly messages: readonly ChatMessage[] }

export interface ModelToken {
  readonly id: number
  /** Decoded alone. */
  readonly text: string
  /** Code points of the text, from and not including the end; 0 and 0 for what was added; null where ids were given. */
  readonly start: number | null
  readonly end: number | null
  /** Added by the tokenizer. */
  readonly special: boolean
}

export interface TokenizedText {
  /** What was tokenized: the text, or the messages as the chat template writes them; null where ids were given. */
  readonly text: string | null
  readonly tokens: readonly ModelToken[]
}

/** Text to the tokens of one model and back. */
export class ModelText {
  readonly #tokenizer: Tokenizer
  readonly #chat: ChatTemplate | null
  readonly #vocabulary: number
  readonly #contextLength: number

  constructor(of: { tokenizer: Tokenizer; chat: ChatTemplate | null; vocabulary: number; contextLength: number }) {
    this.#tokenizer = of.tokenizer
    this.#chat = of.chat
    this.#vocabulary = of.vocabulary
    this.#contextLength = of.contextLength
  }

  /** @throws ServiceError `invalid-request` where there is nothing to compute, or more than the model takes */
  tokenize(input: TextInput): TokenizedText {
    const { text, tokens } = this.#tokens(input)
    const place = 'tokenIds' in input ? '/token_ids' : 'text' in input ? '/text' : '/messages'
    if (tokens.length === 0) throw invalid(place, 'there is not a single token')
    if (tokens.length > this.#contextLength)
      throw invalid(place, `${tokens.length} tokens are more than the model's context length of ${this.#contextLength}`)
    for (const { id } of tokens)
      if (id >= this.#vocabulary)
        throw invalid(place, `the token ${id} is not in the model's vocabulary of ${this.#vocabulary}`)
    return { text, tokens }
  }

  /** Tokens that texts are made of: those of the model's vocabulary that the tokenizer has not added to it. */
  ordinaryTokens(): number[] {
    return this.#tokenizer.ordinary().filter((id) => id < this.#vocabulary)
  }

  /** The special tokens that the tokenizer puts before and after a text. */
  frame(): { readonly before: readonly number[]; readonly after: readonly number[] } {
    const tokens = this.#tokenizer.encode('a', true)
    const first = tokens.findIndex(({ special }) => !special)
    const last = tokens.findLastIndex(({ special }) => !special)
    const ids = tokens.map(({ id }) => id)
    return { before: ids.slice(0, Math.max(0, first)), after: ids.slice(last + 1) }
  }

  get contextLength(): number {
    return this.#contextLength
  }

  /** A token decoded alone; empty where the tokenizer does not know it. */
  textOf(id: number): string {
    return this.#tokenizer.textOf(id) ?? ''
  }

  #tokens(input: TextInput): TokenizedText {
    if ('tokenIds' in input) {
      for (const [index, id] of input.tokenIds.entries())
        if (!Number.isInteger(id) || id < 0 || id >= this.#vocabulary)
          throw invalid(
            `/token_ids/${index}`,
            `${id} is not a token of the model: they are whole numbers from 0 to ${this.#vocabulary - 1}`,
          )
      const tokens = input.tokenIds.map((id) => ({ id, text: this.textOf(id), start: null, end: null, special: false }))
      return { text: null, tokens }
    }
    if ('text' in input) return this.#encode(input.text, input.specialTokens, '/text')
    if (this.#chat === null) throw invalid('/messages', 'the model has no chat template')
    // The template has written the special tokens itself.
    return this.#encode(this.#render(input.messages, this.#chat), false, '/messages')
  }

  #render(messages: readonly ChatMessage[], chat: ChatTemplate): string {
    try {
      return chat.render(messages)
    } catch (error) {
      if (error instanceof InvalidChat) throw invalid('/messages', `the model's chat template says: ${error.message}`)
      throw error
    }
  }

  #encode(text: string, specialTokens: boolean, place: string): TokenizedText {
    if (text === '') throw invalid(place, 'the text is empty')
    if (!text.isWellFormed()) throw invalid(place, 'the text holds half of a surrogate pair')
    const tokens = this.#tokenizer
      .encode(text, specialTokens)
      .map(({ id, start, end, special }) => ({ id, text: this.textOf(id), start, end, special }))
    return { text, tokens }
  }
}

/** A model that cannot be computed with, for a client. */
export function unsupported(id: string, reason: string): ServiceError {
  return new ServiceError('model-unsupported', `The model ${id} cannot be computed with: ${reason}`)
}

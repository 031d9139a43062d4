import { Template } from '@huggingface/jinja'
import { UnsupportedModel } from '../unsupported.ts'

export interface ChatMessage {
  readonly role: string
  readonly content: string
}

/** Messages as the text that a model has been trained on. */
export interface ChatTemplate {
  /** @throws InvalidChat where the template does not take such messages */
  render(messages: readonly ChatMessage[]): string
}

/** The messages do not fit the model's template, which says why. */
export class InvalidChat extends Error {}

/** Special tokens that templates name. */
const namedTokens = [
  'bos_token',
  'eos_token',
  'unk_token',
  'sep_token',
  'pad_token',
  'cls_token',
  'mask_token',
] as const

/**
 * A model's own chat template; null where it has none.
 * @param config the object of tokenizer_config.json
 * @param file what chat_template.jinja holds, which newer models have instead
 * @throws UnsupportedModel where it cannot be parsed
 */
export function readChatTemplate(config: Readonly<Record<string, unknown>>, file: string | null): ChatTemplate | null {
  const source = file ?? templateOf(config.chat_template)
  if (source === null) return null
  let template: Template
  try {
    template = new Template(source)
  } catch (error) {
    throw new UnsupportedModel(`the chat template cannot be read: ${(error as Error).message}`)
  }
  const tokens = Object.fromEntries(namedTokens.map((name) => [name, contentOf(config[name])]))
  return {
    render(messages) {
      try {
        return template.render({ ...tokens, messages, add_generation_prompt: false })
      } catch (error) {
        throw new InvalidChat((error as Error).message)
      }
    },
  }
}

/** One template, or the one called `default` of several. */
function templateOf(given: unknown): string | null {
  if (typeof given === 'string') return given
  if (!Array.isArray(given)) return null
  const named = given as { name?: unknown; template?: unknown }[]
  const template = named.find(({ name }) => name === 'default')?.template
  return typeof template === 'string' ? template : null
}

/** A token is written as text, or as an object with its content. */
function contentOf(token: unknown): string | undefined {
  if (typeof token === 'string') return token
  const content = (token as { content?: unknown } | null | undefined)?.content
  return typeof content === 'string' ? content : undefined
}

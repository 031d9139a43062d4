import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { InvalidChat, readChatTemplate } from '../../../../src/sources/decoder/tokens/chat-template.ts'
import type { ChatMessage } from '../../../../src/sources/decoder/tokens/chat-template.ts'
import { UnsupportedModel } from '../../../../src/sources/decoder/unsupported.ts'

interface Truth {
  readonly bos_token: string
  readonly eos_token: string
  readonly cases: readonly {
    readonly name: string
    readonly template: string
    readonly messages: readonly ChatMessage[]
    readonly rendered: string | null
  }[]
}

const { bos_token, eos_token, cases } = JSON.parse(
  await readFile(join(import.meta.dirname, '../../../truth/chat-templates.json'), 'utf8'),
) as Truth
const hello = [{ role: 'user', content: 'Hello' }]

describe('a chat template', () => {
  it.each(cases)('of $name makes of $messages what transformers makes of them', ({ template, messages, rendered }) => {
    const chat = readChatTemplate({ chat_template: template, bos_token, eos_token }, null)!
    if (rendered === null) expect(() => chat.render(messages)).toThrow(InvalidChat)
    else expect(chat.render(messages)).toBe(rendered)
  })

  it('is the file of newer models before all else, or the default of several', () => {
    const several = [
      { name: 'tools', template: 'tools' },
      { name: 'default', template: '{{ messages[0].content }}!' },
    ]
    expect(readChatTemplate({ chat_template: several }, null)!.render(hello)).toBe('Hello!')
    expect(readChatTemplate({ chat_template: several }, 'file')!.render(hello)).toBe('file')
    expect(readChatTemplate({ chat_template: several.slice(0, 1) }, null)).toBe(null)
    expect(readChatTemplate({}, null)).toBe(null)
  })

  it('names special tokens, written as text or as objects', () => {
    const config = {
      chat_template: '{{ bos_token }}|{{ eos_token }}',
      bos_token: '<s>',
      eos_token: { content: '</s>' },
    }
    expect(readChatTemplate(config, null)!.render(hello)).toBe('<s>|</s>')
  })

  it('that cannot be parsed is a reason', () => {
    expect(() => readChatTemplate({ chat_template: '{% if' }, null)).toThrow(UnsupportedModel)
  })
})

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { TextInput } from '../../src/models/model-text.ts'
import { ModelsFolder } from './folder.ts'

describe('the text of a model', () => {
  it('becomes tokens without its weights being loaded', async () => {
    await using folder = await ModelsFolder.make()
    await folder.add('llama', 'llama-llama3')
    const models = folder.open()
    const { value: text, end } = await models.openText('llama')
    const { tokens } = text.tokenize({ text: 'the Ü', specialTokens: true })
    expect(tokens[0]).toEqual({ id: 0, text: '<|begin_of_text|>', start: 0, end: 0, special: true })
    // Two tokens share the last character, and each has all of it.
    expect(tokens.slice(-2)).toMatchObject([
      { text: '\ufffd', start: 4, end: 5 },
      { text: '\ufffd', start: 4, end: 5 },
    ])
    expect(text.tokenize({ text: 'the', specialTokens: false }).tokens[0]!.special).toBe(false)
    expect(text.tokenize({ tokenIds: [0, 5] })).toEqual({
      text: null,
      tokens: [
        { id: 0, text: '<|begin_of_text|>', start: null, end: null, special: false },
        { id: 5, text: text.textOf(5), start: null, end: null, special: false },
      ],
    })
    end()
    expect(models.status().loaded).toEqual([])
  })

  it('of messages is what the chat template writes', async () => {
    await using folder = await ModelsFolder.make()
    const path = await folder.add('chatty')
    await writeFile(
      join(path, 'chat_template.jinja'),
      '{% for m in messages %}{% if m.role == "tool" %}{{ raise_exception("no tools") }}{% endif %}{{ m.content }};{% endfor %}',
    )
    const { value: text } = await folder.open().openText('chatty')
    const { text: rendered, tokens } = text.tokenize({ messages: [{ role: 'user', content: 'Hi' }] })
    expect(rendered).toBe('Hi;')
    expect(tokens.map(({ text }) => text).join('')).toBe('Hi;')
    expect(() => text.tokenize({ messages: [{ role: 'tool', content: 'x' }] })).toThrow('no tools')
  })

  it.each<[what: string, input: TextInput, reason: RegExp]>([
    ['an empty text', { text: '', specialTokens: true }, /\/text: the text is empty/],
    ['half of a surrogate pair', { text: 'a\ud800', specialTokens: true }, /surrogate/],
    ['no ids', { tokenIds: [] }, /\/token_ids: there is not a single token/],
    ['an id beyond the vocabulary', { tokenIds: [1, 330] }, /\/token_ids\/1: 330 is not a token .* from 0 to 329/],
    ['half an id', { tokenIds: [0.5] }, /\/token_ids\/0/],
    ['more tokens than the context', { tokenIds: new Array<number>(33).fill(1) }, /33 tokens .* context length of 32/],
    ['messages without a template', { messages: [] }, /\/messages: the model has no chat template/],
  ])('is refused with %s', async (_, input, reason) => {
    await using folder = await ModelsFolder.make()
    await folder.add('gpt2')
    const { value: text } = await folder.open().openText('gpt2')
    expect(() => text.tokenize(input)).toThrow(reason)
  })
})

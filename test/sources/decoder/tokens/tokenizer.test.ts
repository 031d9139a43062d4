import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readTokenizer } from '../../../../src/sources/decoder/tokens/tokenizer.ts'
import { truthFolder, truthModels } from '../models.ts'

interface TokenCase {
  readonly text: string
  readonly special_tokens: boolean
  readonly ids: readonly number[]
  readonly offsets: readonly (readonly [number, number])[]
  readonly special: readonly (0 | 1)[]
  readonly texts: readonly string[]
}

const readJson = async (model: string, file: string) =>
  JSON.parse(await readFile(join(truthFolder, model, file), 'utf8')) as unknown

describe.each(truthModels)('the tokenizer of %s', async (model) => {
  const tokenizer = readTokenizer((await readJson(model, 'tokenizer.json')) as Record<string, unknown>)
  const cases = (await readJson(model, 'tokens.json')) as TokenCase[]

  it.each(cases)('says of $text, special tokens $special_tokens, what the Python library says', (of) => {
    const tokens = tokenizer.encode(of.text, of.special_tokens)
    expect(tokens.map(({ id }) => id)).toEqual(of.ids)
    expect(tokens.map(({ start, end }) => [start, end])).toEqual(of.offsets)
    expect(tokens.map(({ special }) => Number(special))).toEqual(of.special)
    expect(tokens.map(({ id }) => tokenizer.textOf(id))).toEqual(of.texts)
  })
})

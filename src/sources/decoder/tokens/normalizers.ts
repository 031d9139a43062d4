import { UnsupportedModel } from '../unsupported.ts'
import { AlignedText } from './aligned-text.ts'
import { blanksBefore, blanksFrom, isBlank } from './blanks.ts'
import { partsOf, patternOf } from './pattern.ts'
import { toNormalForm } from './unicode-forms.ts'

export type Normalize = (text: AlignedText) => AlignedText

/** A component of tokenizer.json: its type, and members by type. */
export type Component = Readonly<Record<string, unknown>>

/**
 * The normalizer of a tokenizer.json. Origins follow the Python library's normalizers
 * (https://github.com/huggingface/tokenizers/tree/main/tokenizers/src/normalizers, tokenizer/normalizer.rs).
 * @throws UnsupportedModel
 */
export function normalizerOf(component: Component | null): Normalize {
  if (component === null) return (text) => text
  const type = component.type as string
  switch (type) {
    case 'Sequence': {
      const all = (component.normalizers as Component[]).map(normalizerOf)
      return (text) => all.reduce((changed, normalize) => normalize(changed), text)
    }
    case 'NFC':
    case 'NFD':
    case 'NFKC':
    case 'NFKD':
      return (text) => toNormalForm(text, type)
    case 'Lowercase':
      return lowercase
    case 'StripAccents':
      return (text) => text.map((character) => (/\p{M}/u.test(character) ? '' : character))
    case 'Strip':
      return (text) => strip(text, component.strip_left === true, component.strip_right === true)
    case 'Prepend':
      return (text) => text.prepend(component.prepend as string)
    case 'Replace': {
      const pattern = patternOf(component.pattern)
      return (text) => replace(text, pattern, component.content as string)
    }
    case 'BertNormalizer':
      return bertNormalizer(component)
    default:
      throw new UnsupportedModel(`tokenizer.json: the normalizer ${type} is not supported`)
  }
}

const lowercase: Normalize = (text) => text.map((character) => character.toLowerCase())

function strip(text: AlignedText, left: boolean, right: boolean): AlignedText {
  const from = left ? blanksFrom(text.text, 0) : 0
  return text.slice(from, text.length - (right ? blanksBefore(text.text, text.length, from) : 0))
}

/** What takes a match's place comes from the last character of the match. */
function replace(text: AlignedText, pattern: RegExp, content: string): AlignedText {
  return AlignedText.from(
    partsOf(text.text, pattern).flatMap(({ from, to, matched }) => {
      const part = text.slice(from, to)
      if (!matched) return [...part.characters()]
      return [{ text: content, origin: [...part.characters()].at(-1)!.origin }]
    }),
  )
}

/** https://github.com/huggingface/tokenizers/blob/main/tokenizers/src/normalizers/bert.rs */
function bertNormalizer(component: Component): Normalize {
  const { clean_text: clean = true, handle_chinese_chars: chinese = true, lowercase: lower = true } = component
  const stripAccents = component.strip_accents ?? lower
  return (text) => {
    let changed = text
    if (clean) changed = changed.map(cleaned)
    if (chinese) changed = changed.map((character) => (isChinese(character) ? ` ${character} ` : character))
    if (stripAccents)
      changed = toNormalForm(changed, 'NFD').map((character) => (/\p{Mn}/u.test(character) ? '' : character))
    return lower ? lowercase(changed) : changed
  }
}

function cleaned(character: string): string {
  if (/[\t\n\r]/.test(character)) return ' '
  if (/[\0\ufffd\p{Cc}\p{Cf}\p{Co}]/u.test(character)) return ''
  return isBlank(character) ? ' ' : character
}

/** Blocks of CJK ideographs: not Hangul, not kana. */
function isChinese(character: string): boolean {
  const point = character.codePointAt(0)!
  return ideographs.some(([first, last]) => point >= first && point <= last)
}
const ideographs = [
  [0x4e00, 0x9fff],
  [0x3400, 0x4dbf],
  [0x20000, 0x2a6df],
  [0x2a700, 0x2b73f],
  [0x2b740, 0x2b81f],
  [0x2b920, 0x2ceaf],
  [0xf900, 0xfaff],
  [0x2f800, 0x2fa1f],
] as const

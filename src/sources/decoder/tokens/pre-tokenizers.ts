import { UnsupportedModel } from '../unsupported.ts'
import type { AlignedText } from './aligned-text.ts'
import { bytesAsCharacters } from './byte-level.ts'
import type { Component } from './normalizers.ts'
import { escaped, oniguruma, partsOf, patternOf } from './pattern.ts'
import type { Part } from './pattern.ts'

export type PreTokenize = (text: AlignedText) => AlignedText[]

/**
 * The pre-tokenizer of a tokenizer.json: a text in pieces that the model sees one by one
 * (https://github.com/huggingface/tokenizers/tree/main/tokenizers/src/pre_tokenizers).
 * @throws UnsupportedModel
 */
export function preTokenizerOf(component: Component | null): PreTokenize {
  if (component === null) return (text) => [text]
  const type = component.type as string
  switch (type) {
    case 'Sequence': {
      const all = (component.pretokenizers as Component[]).map(preTokenizerOf)
      return (text) => all.reduce((pieces, split) => pieces.flatMap(split), [text])
    }
    case 'Split':
      return splitter(patternOf(component.pattern), behaviorOf(component.behavior), component.invert === true)
    case 'ByteLevel':
      return byteLevel(component)
    case 'Metaspace':
      return metaspace(component)
    case 'Whitespace':
      return splitter(wordsOrNot, 'Removed', true)
    case 'WhitespaceSplit':
      return splitter(whitespace, 'Removed')
    case 'BertPreTokenizer': {
      const words = splitter(whitespace, 'Removed')
      const marks = splitter(punctuation, 'Isolated')
      return (text) => words(text).flatMap(marks)
    }
    case 'Punctuation':
      return splitter(punctuation, behaviorOf(component.behavior ?? 'Isolated'))
    case 'Digits':
      return splitter(/\p{N}/gu, component.individual_digits === true ? 'Isolated' : 'Contiguous')
    default:
      throw new UnsupportedModel(`tokenizer.json: the pre-tokenizer ${type} is not supported`)
  }
}

const whitespace = /\p{White_Space}/gu
const punctuation = /[\p{P}!-/:-@[-`{-~]/gu
const wordsOrNot =
  /[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\u200c\u200d]+|[^\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\u200c\u200d\p{White_Space}]+/gu

const behaviors = ['Removed', 'Isolated', 'MergedWithPrevious', 'MergedWithNext', 'Contiguous'] as const
type Behavior = (typeof behaviors)[number]

function behaviorOf(name: unknown): Behavior {
  const behavior = behaviors.find((each) => each === name)
  if (behavior !== undefined) return behavior
  throw new UnsupportedModel(`tokenizer.json: the behavior ${JSON.stringify(name)} of a split is not supported`)
}

/** What becomes of the parts that match; where `invert`, of those that do not. */
function splitter(pattern: RegExp, behavior: Behavior, invert = false): PreTokenize {
  return (text) => {
    const parts = partsOf(text.text, pattern).map((part) => (invert ? { ...part, matched: !part.matched } : part))
    return joined(parts, behavior).map(({ from, to }) => text.slice(from, to))
  }
}

function joined(parts: readonly Part[], behavior: Behavior): readonly Part[] {
  switch (behavior) {
    case 'Isolated':
      return parts
    case 'Removed':
      return parts.filter(({ matched }) => !matched)
    case 'Contiguous':
      return merge(parts, (before, part) => before.matched === part.matched)
    case 'MergedWithPrevious':
      return merge(parts, (before, part) => part.matched && !before.matched)
    case 'MergedWithNext':
      return merge(parts, (before, part) => before.matched && !part.matched)
  }
}

/** Joins a part to the one before it where `joins` says so of the two as they were. */
function merge(parts: readonly Part[], joins: (before: Part, part: Part) => boolean): Part[] {
  const merged: Part[] = []
  for (const [index, part] of parts.entries()) {
    const last = merged.at(-1)
    if (last !== undefined && joins(parts[index - 1]!, part)) merged[merged.length - 1] = { ...part, from: last.from }
    else merged.push(part)
  }
  return merged
}

/** GPT-2's words: https://github.com/openai/gpt-2/blob/master/src/encoder.py */
const gpt2Words = String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`

function byteLevel({ add_prefix_space: prefix, use_regex: regex }: Component): PreTokenize {
  const words: PreTokenize = regex === false ? (text) => [text] : splitter(oniguruma(gpt2Words), 'Isolated')
  return (text) => {
    const begun = prefix === true && !text.text.startsWith(' ') ? text.prepend(' ') : text
    return words(begun).map(bytesAsCharacters)
  }
}

function metaspace(component: Component): PreTokenize {
  const mark = (component.replacement as string | undefined) ?? '▁'
  const { add_prefix_space: old } = component
  const scheme = component.prepend_scheme ?? (old === false ? 'never' : 'always')
  const words: PreTokenize =
    component.split === false ? (text) => [text] : splitter(new RegExp(escaped(mark), 'gu'), 'MergedWithNext')
  return (text) => {
    const marked = text.map((character) => (character === ' ' ? mark : character))
    const prepends = scheme === 'always' || (scheme === 'first' && text.length > 0 && text.origin(0, 1)[0] === 0)
    return words(prepends && !marked.text.startsWith(mark) ? marked.prepend(mark) : marked)
  }
}

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { tokenLabel } from '../../src/figures/labels.ts'

const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' })
const graphemes = (text: string): number => Array.from(segmenter.segment(text)).length

describe('a token label', () => {
  it('is the token where nothing stands in the way', () => {
    for (const token of [
      'journey',
      '\u05e9\u05dc\u05d5\u05dd',
      '\u0645\u0631\u062d\u0628\u0627',
      '\u{1f469}\u200d\u{1f469}\u200d\u{1f467}',
      '<b>&"',
      'a b',
      '\u65e5\u672c',
    ])
      expect(tokenLabel(token)).toBe(token)
  })

  it('shows what is invisible: emptiness, spaces at the ends, controls, marks that turn the text', () => {
    expect(tokenLabel('')).toBe('(empty)')
    expect(tokenLabel(' journey')).toBe('\u2423journey')
    expect(tokenLabel('  ')).toBe('\u2423\u2423')
    expect(tokenLabel('\n')).toBe('\\n')
    expect(tokenLabel('a\u0000b')).toBe('a\\u0000b')
    expect(tokenLabel('\u202egnp')).toBe('\\u202egnp')
    expect(tokenLabel('\u200b')).toBe('\\u200b')
  })

  it('is shortened in the middle, between characters', () => {
    expect(tokenLabel('antidisestablishmentarianism')).toBe('antidis\u2026ianism')
    const families = '\u{1f469}\u200d\u{1f469}\u200d\u{1f467}'.repeat(20)
    expect(tokenLabel(families)).toBe(
      `${'\u{1f469}\u200d\u{1f469}\u200d\u{1f467}'.repeat(7)}\u2026${'\u{1f469}\u200d\u{1f469}\u200d\u{1f467}'.repeat(6)}`,
    )
  })

  it('replaces half a surrogate pair and bares a letter buried in marks', () => {
    expect(tokenLabel('\ud83d')).toBe('\ufffd')
    expect(tokenLabel(`a${'\u0301'.repeat(500)}`)).toBe('a')
  })

  it('is short, well formed and free of controls, whatever the token', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (token) => {
        const label = tokenLabel(token)
        expect(label.isWellFormed()).toBe(true)
        expect(label.length).toBeGreaterThan(0)
        expect(graphemes(label)).toBeLessThanOrEqual(14)
        expect(label).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\ufffe\uffff]/)
      }),
    )
  })

  it('takes no longer for a token as long as a book', () => {
    expect(tokenLabel('word '.repeat(1_000_000))).toBe('word wo\u2026 word\u2423')
  })
})

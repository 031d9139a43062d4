const segmenter = new Intl.Segmenter('en', { granularity: 'word' })

/** A sentence as labels: its words and marks, in any script, without the spaces. */
export function tokenize(sentence: string): string[] {
  return Array.from(segmenter.segment(sentence), ({ segment }) => segment).filter((segment) => segment.trim() !== '')
}

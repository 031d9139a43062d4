/** Longest label, in characters as a reader counts them. */
const longest = 14

/** A reader's character of more code units than this is not one; the longest emoji of Unicode 16 take fewer. */
const longestGrapheme = 40

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })

/**
 * What would move, hide or forge other text, or cannot stand in XML: controls (C0, C1), line and paragraph separators,
 * direction marks, embeddings, overrides and isolates (which would turn the text around it), zero-width spaces and
 * no-break marks, non-characters. Zero-width joiners and variation selectors stay: emoji and scripts need them.
 */
const unprintable =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff]/gu

const named: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/**
 * A token as it can be printed: unprintable characters spelled out, spaces at its ends made visible (a tokenizer's
 * tokens often begin with one), shortened in the middle without cutting a character, lone surrogates replaced.
 * Right-to-left text is left as it is; every label is a text of its own, so it turns nothing else around.
 */
export function tokenLabel(token: string): string {
  if (token === '') return '(empty)'
  // A token may be a whole document; no more than the ends of it can be seen.
  const ends = token.length > 4000 ? token.slice(0, 2000) + token.slice(-2000) : token
  const printable = ends
    .toWellFormed()
    .replace(unprintable, (char) => named[char] ?? `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .replace(/^\s+|\s+$/gu, (spaces) => '\u2423'.repeat(Math.min(spaces.length, 3)))
  return shortenMiddle(printable)
}

function shortenMiddle(text: string): string {
  const parts = Array.from(graphemes.segment(text), ({ segment }) => legible(segment))
  if (parts.length <= longest) return parts.join('')
  const head = Math.ceil((longest - 1) / 2)
  return [...parts.slice(0, head), '\u2026', ...parts.slice(parts.length - (longest - 1 - head))].join('')
}

/** A pile of marks on one letter would be drawn over everything around it. */
function legible(grapheme: string): string {
  if (grapheme.length <= longestGrapheme && (grapheme.match(/\p{M}/gu)?.length ?? 0) <= 5) return grapheme
  return String.fromCodePoint(grapheme.codePointAt(0)!)
}

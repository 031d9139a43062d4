const narrow = /[\s\u00b7ijltfrI.,:;|!'()[\]\u200d\ufe0f\u0300-\u036f]/u
const broad =
  /[mwMW@%\u2026\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60]|\p{Extended_Pictographic}/u

/**
 * About how wide a text prints in DejaVu Sans, in ems. Vega lays out axes and legends by it: without a canvas it
 * would take 0.8 em for every code unit, half too much for Latin text and several times too much for emoji.
 */
export function textWidth(text: string): number {
  let width = 0
  for (const char of text) width += narrow.test(char) ? 0.34 : broad.test(char) ? 1 : /\p{Lu}/u.test(char) ? 0.69 : 0.61
  return width
}

/** Words that `wrapText` keeps on one line. */
export function unbroken(words: string): string {
  return words.replaceAll(' ', '\u00a0')
}

/** The text as it reads, whatever was kept on one line in it. */
export function plainSpaces(text: string): string {
  return text.replaceAll('\u00a0', ' ')
}

/** Breaks a text at spaces so that no line is wider than `width` pixels at `fontSize`, where words allow. */
export function wrapText(text: string, width: number, fontSize: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`
    if (line !== '' && textWidth(longer) * fontSize > width) {
      lines.push(line)
      line = word
    } else {
      line = longer
    }
  }
  return [...lines, line].map(plainSpaces)
}

/** Whether a character (UTF-16 unit) is whitespace in Unicode's sense; all of it is one unit long. */
export function isBlank(character: string): boolean {
  return /\p{White_Space}/u.test(character)
}

/** How many blanks end at `end`, not looking beyond `least`. */
export function blanksBefore(text: string, end: number, least = 0): number {
  let at = end
  while (at > least && isBlank(text[at - 1]!)) at--
  return end - at
}

/** How many blanks begin at `start`. */
export function blanksFrom(text: string, start: number): number {
  let at = start
  while (at < text.length && isBlank(text[at]!)) at++
  return at - start
}

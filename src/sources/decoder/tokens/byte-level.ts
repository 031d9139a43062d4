import type { AlignedText } from './aligned-text.ts'

/**
 * GPT-2's bytes as characters that can be printed: https://github.com/openai/gpt-2/blob/master/src/encoder.py
 * (bytes_to_unicode).
 */
const characters: readonly string[] = (() => {
  const printable = (byte: number): boolean =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae
  let next = 0x100
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(printable(byte) ? byte : next++))
})()

const encoder = new TextEncoder()

/** Every byte of the text in UTF-8 as one character, each from where the whole character came from. */
export function bytesAsCharacters(text: AlignedText): AlignedText {
  return text.map((character) => Array.from(encoder.encode(character), (byte) => characters[byte]!).join(''))
}

/** The character that stands for a space. */
export const spaceCharacter = characters[0x20]!

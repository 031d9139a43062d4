import { randomUUID } from 'node:crypto'
import { NumberArray, readNumberArray } from './number-array.ts'

type Parse = (text: string) => unknown

/** Shorter arrays are left to JSON.parse, and so are shorter bodies. */
const leastArrayBytes = 1024
const leastBodyBytes = 2048
/**
 * Strings and arrays that are passed on the way, at most: a body of nothing but short ones takes long enough to parse.
 */
const mostSteps = 100_000

const quoteByte = 0x22
const bracketByte = 0x5b
const backslashByte = 0x5c

/**
 * What `parse` makes of a JSON body, with a NumberArray for each long array of numbers where a tensor may stand: that
 * takes a third of the time and nothing to collect. Whatever is unusual about a body is left to `parse` alone, which
 * so decides what is valid and how it is refused. Throws what `parse` throws.
 */
export function parseBody(body: Buffer, parse: Parse): unknown {
  const apart = body.length < leastBodyBytes ? undefined : parseApart(body, parse)
  return apart ?? parse(body.toString())
}

/** Undefined where there is nothing to gain, or an array stands where no tensor may, or `parse` refuses. */
function parseApart(body: Buffer, parse: Parse): unknown {
  const mark = randomUUID() // no client can know it, so no string of the body begins with it
  const { rest, arrays } = takeOut(body, mark)
  if (arrays.length === 0) return undefined
  let value: unknown
  try {
    value = parse(rest)
  } catch {
    return undefined
  }
  return putBack(value, arrays, mark) ? value : undefined
}

/** The body's text with each long array of numbers replaced by a string, `mark` and its place in `arrays`. */
function takeOut(body: Buffer, mark: string): { rest: string; arrays: NumberArray[] } {
  const arrays: NumberArray[] = []
  let rest = ''
  let taken = 0
  let quote = body.indexOf(quoteByte)
  let bracket = body.indexOf(bracketByte)
  for (let step = 0; bracket !== -1 && step < mostSteps; step++) {
    let at: number
    if (quote !== -1 && quote < bracket) {
      at = endOfString(body, quote)
    } else {
      const { array, end } = readNumberArray(body, bracket)
      if (array !== null && end - bracket >= leastArrayBytes) {
        rest += `${body.toString('utf8', taken, bracket)}"${mark}${arrays.length}"`
        arrays.push(array)
        taken = end
      }
      at = end
    }
    if (quote !== -1 && quote < at) quote = body.indexOf(quoteByte, at)
    if (bracket < at) bracket = body.indexOf(bracketByte, at)
  }
  return { rest: rest + body.toString('utf8', taken), arrays }
}

/** Behind the quote that ends the string that the one at `quote` begins. */
function endOfString(body: Buffer, quote: number): number {
  for (let end = body.indexOf(quoteByte, quote + 1); end !== -1; end = body.indexOf(quoteByte, end + 1)) {
    let before = end
    while (body[before - 1] === backslashByte) before--
    if ((end - before) % 2 === 0) return end + 1
  }
  return body.length
}

/** Puts the arrays in the place of their strings; false if one of them is not where a tensor may be. */
function putBack(body: unknown, arrays: readonly NumberArray[], mark: string): boolean {
  let missing = arrays.length
  for (const [holder, key, anyAxes] of tensorPlaces(body)) {
    const text = holder[key]
    if (typeof text !== 'string' || !text.startsWith(mark)) continue
    const array = arrays[Number(text.slice(mark.length))]!
    if (!anyAxes && array.shape.length > 1) continue
    holder[key] = array
    missing--
  }
  return missing === 0
}

type Holder = Record<string, unknown>

/** Where `readInput` and `readParameters` look for arrays of numbers, and whether these may be nested. */
function* tensorPlaces(body: unknown): Generator<[holder: Holder, key: string, anyAxes: boolean]> {
  const input = holderAt(body, 'input')
  if (input !== undefined) {
    yield [input, 'values', true]
    yield [input, 'data', false]
  }
  const parameters = holderAt(holderAt(body, 'model'), 'parameters')
  for (const name of Object.keys(parameters ?? {})) {
    yield [parameters!, name, true]
    const flat = holderAt(parameters, name)
    if (flat !== undefined && !(flat instanceof NumberArray)) yield [flat, 'data', false]
  }
}

/** The object, not an array, under a key. */
function holderAt(value: unknown, key: string): Holder | undefined {
  const child = (value as Holder | null | undefined)?.[key]
  return typeof child === 'object' && child !== null && !Array.isArray(child) ? (child as Holder) : undefined
}

import { invalid, ServiceError } from '../../errors.ts'
import { faultOf } from './json-fault.ts'
import {
  closeArrayByte,
  closeObjectByte,
  colonByte,
  commaByte,
  endOfScalar,
  endOfString,
  openArrayByte,
  openObjectByte,
  pointerAt,
  quoteByte,
} from './json-text.ts'
import { NumberArray, readNumberArray } from './number-array.ts'
import { pointerToken } from './tensor.ts'

/** Shorter arrays are left to JSON.parse. */
const leastArrayBytes = 1024

/**
 * What a body may have beside the arrays that are taken out, so that what it becomes in memory is little whatever it
 * says: numbers, `true`, `false` and `null`; strings, arrays and objects; keys.
 */
export const mostNumbers = 2_000_000
const mostOthers = 200_000
const mostKeys = 50_000
const deepest = 64
/** An array that begins with so many bytes of numbers is one of numbers, and wrong where it does not go on as one. */
const surelyNumbersBytes = 2 ** 17

/** An array of numbers that was taken out of a body, and the string that stands in its place. */
export interface TakenArray {
  readonly array: NumberArray
  /** Where it began in the body. */
  readonly offset: number
  /** How long it was there. */
  readonly bytes: number
}

export interface TakenOut {
  /** The body's text with a string in the place of each array: `mark` and its place in `arrays`. */
  readonly text: string
  readonly arrays: readonly TakenArray[]
  /** Numbers and words that are left in the text. */
  readonly numbers: number
}

/**
 * Takes the long arrays of numbers that are members of an object out of a body, and counts everything else as it passes
 * it: what is more than any request has is refused before it becomes values, which take far more memory than their
 * text. Throws a 400 or 413 that names the place.
 */
export function takeOutArrays(body: Buffer, mark: string): TakenOut {
  const arrays: TakenArray[] = []
  const long = new LongArrays(body)
  let text = ''
  let taken = 0
  let numbers = 0
  let others = 0
  let keys = 0
  let depth = 0
  let isMember = false

  for (let at = 0; at < body.length; ) {
    const byte = body[at]!
    if (byte === quoteByte) {
      others++
      at = endOfString(body, at)
    } else if (byte === openArrayByte || byte === openObjectByte) {
      if (byte === openArrayByte && isMember && long.mayBeginAt(at)) {
        const { array, end, brokenOff } = readNumberArray(body, at)
        if (array !== null && end - at >= leastArrayBytes) {
          text += body.toString('utf8', taken, at)
          arrays.push({ array, offset: at, bytes: end - at })
          text += `"${mark}${arrays.length - 1}"`
          at = taken = end
          isMember = false
          continue
        }
        if (array === null && end - at > surelyNumbersBytes) {
          if (endOfScalar(body, end) >= body.length || faultOf(body, end) !== null)
            throw new SyntaxError('The text is not JSON')
          const place = brokenOff === null ? pointerAt(body, end) : [...pointerAt(body, at), ...brokenOff.entries]
          throw noNumber(place, body[end]!)
        }
      }
      others++
      depth++
      at++
    } else if (byte === closeArrayByte || byte === closeObjectByte) {
      depth--
      at++
    } else if (byte === commaByte || byte === colonByte || byte <= 0x20) {
      if (byte === colonByte) {
        isMember = true
        keys++
        others--
      }
      at++
      if (byte === colonByte || byte <= 0x20) continue
    } else {
      numbers++
      at = endOfScalar(body, at)
    }
    isMember = false
    if (depth > deepest) throw tooDeep(body, at - 1)
    if (numbers > mostNumbers || others > mostOthers || keys > mostKeys) throw tooMany(pathOf(body, at - 1))
  }
  return { text: text + body.toString('utf8', taken), arrays, numbers }
}

/** Tells where an array may be long: its end comes before the next quote and the next end of an object. */
class LongArrays {
  readonly #body: Buffer
  #quote = -1
  #brace = -1

  constructor(body: Buffer) {
    this.#body = body
  }

  mayBeginAt(at: number): boolean {
    if (this.#quote < at) this.#quote = this.#next(quoteByte, at)
    if (this.#quote - at < leastArrayBytes) return false
    if (this.#brace < at) this.#brace = this.#next(closeObjectByte, at)
    return this.#brace - at >= leastArrayBytes
  }

  #next(byte: number, at: number): number {
    const place = this.#body.indexOf(byte, at)
    return place === -1 ? this.#body.length : place
  }
}

/** The path of the value in which a byte of the body lies, or where it begins. */
const pathOf = (body: Buffer, offset: number): string => joined(pointerAt(body, offset))
const joined = (path: readonly (string | number)[]): string =>
  path.map((token) => `/${pointerToken(String(token))}`).join('')

export function tooMany(path: string): ServiceError {
  const message = `is one value too many: beside its tensors a body may have ${mostNumbers} numbers, ${mostOthers} strings, arrays and objects, and ${mostKeys} keys`
  return new ServiceError('body-too-large', `${path === '' ? 'The body' : path} ${message}.`, {
    places: [{ path, message }],
  })
}

/** The place is that of what holds the arrays: the last key among the first few. */
function tooDeep(body: Buffer, offset: number): ServiceError {
  const path = pointerAt(body, offset).slice(0, 4)
  while (typeof path.at(-1) === 'number') path.pop()
  return invalid(joined(path), `is nested deeper than ${deepest} arrays and objects`)
}

/** An array of numbers that is no longer one: it is too long to be read value by value, to say more of it. */
function noNumber(path: readonly (string | number)[], found: number): ServiceError {
  if (found === closeArrayByte && path.at(-1) !== 0)
    return invalid(joined(path.slice(0, -1)), 'must have as many entries as the first one of its kind')
  return invalid(joined(path), 'must be a number that float32 can hold, as deep in arrays as the first one')
}

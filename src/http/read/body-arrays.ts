import { randomUUID } from 'node:crypto'
import { NumberArray } from './number-array.ts'
import { mostNumbers, takeOutArrays, tooMany } from './take-out-arrays.ts'
import type { TakenArray } from './take-out-arrays.ts'
import { pointerToken } from './tensor.ts'

type Parse = (text: string) => unknown

/** Shorter bodies are left to JSON.parse: they have nothing that is long. */
const leastBodyBytes = 2048

/**
 * What `parse` makes of a JSON body, with a NumberArray for each long array of numbers where a tensor may stand: that
 * takes a third of the time and nothing to collect. `parse` decides what is valid, and what it throws is thrown.
 * Throws a 400 or 413 where a body has more values than any request.
 */
export function parseBody(body: Buffer, parse: Parse): unknown {
  if (body.length < leastBodyBytes) return parse(body.toString())
  const mark = randomUUID() // no client can know it, so no string of the body begins with it
  const { text, arrays, numbers } = takeOutArrays(body, mark)
  const value = parse(text)
  if (arrays.length > 0) putBack(value, arrays, mark, numbers)
  return value
}

/** Puts the arrays in the place of their strings; as arrays of JSON where no tensor may stand. */
function putBack(body: unknown, arrays: readonly TakenArray[], mark: string, numbers: number): void {
  let missing = arrays.length
  const arrayOf = (text: unknown): NumberArray | undefined =>
    typeof text === 'string' && text.startsWith(mark) ? arrays[Number(text.slice(mark.length))]!.array : undefined
  for (const [holder, key, anyAxes] of tensorPlaces(body)) {
    const array = arrayOf(holder[key])
    if (array === undefined || (!anyAxes && array.shape.length > 1)) continue
    holder[key] = array
    missing--
  }
  if (missing === 0) return
  // They stand somewhere else, or have been overwritten by the same key once more.
  const plain = (node: unknown, path: string): void => {
    if (node === null || typeof node !== 'object' || node instanceof NumberArray) return
    const holder = node as Holder
    for (const key in holder) {
      const array = arrayOf(holder[key])
      if (array === undefined) {
        plain(holder[key], `${path}/${pointerToken(key)}`)
        continue
      }
      numbers += array.data.length
      if (numbers > mostNumbers) throw tooMany(`${path}/${pointerToken(key)}`)
      holder[key] = array.toJSON()
    }
  }
  plain(body, '')
}

type Holder = Record<string, unknown>

/** Members of a body that are tensors themselves. */
const operandNames = ['queries', 'keys', 'values', 'bias'] as const

/** Where `readInput`, `readParameters` and the readers of given operands look for arrays of numbers, and whether these may be nested. */
function* tensorPlaces(body: unknown): Generator<[holder: Holder, key: string, anyAxes: boolean]> {
  const input = holderAt(body, 'input')
  if (input !== undefined) {
    yield [input, 'values', true]
    yield [input, 'data', false]
  }
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) {
    for (const name of operandNames) {
      yield [body as Holder, name, true]
      const flat = holderAt(body, name)
      if (flat !== undefined && !(flat instanceof NumberArray)) yield [flat, 'data', false]
    }
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

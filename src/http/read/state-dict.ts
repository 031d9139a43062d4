import { invalid } from '../../errors.ts'
import type { NamedParameters } from '../../sources/source.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import { plainObject, pointerToken, readTensor } from './tensor.ts'

export interface Named {
  readonly name: string
  readonly shape: readonly number[]
}

/** Parts of a prefix that are looked at: more levels than modules are nested in. */
const mostLevels = 32

/**
 * The prefix that all names of a state dict share, such as `module.` or `layers.0.attn.`, where an expected name stands
 * behind it; empty where there is none or more than one.
 */
export function sharedPrefix(given: readonly string[], expected: ReadonlySet<string>): string {
  let shared: string | undefined
  for (const name of given) {
    const prefix = prefixOf(name, expected)
    if (prefix === undefined || (shared !== undefined && prefix !== shared)) return ''
    shared = prefix
  }
  return shared ?? ''
}

function prefixOf(name: string, expected: ReadonlySet<string>): string | undefined {
  for (let at = 0, level = 0; level < mostLevels; level++) {
    if (expected.has(name.slice(at))) return name.slice(0, at)
    const dot = name.indexOf('.', at)
    if (dot === -1) return undefined
    at = dot + 1
  }
  return undefined
}

/** A state dict with just these tensors, each of its shape. Throws a 400 that names the place. */
export function readStateDict(value: unknown, path: string, expected: readonly Named[]): NamedParameters {
  const given = plainObject(value, path)
  const names = Object.keys(given)
  const expectedNames = expected.map(({ name }) => name)
  const prefix = sharedPrefix(names, new Set(expectedNames))
  const unknown = names.find((name) => !expectedNames.includes(name.slice(prefix.length)))
  if (unknown !== undefined)
    throw invalid(
      `${path}/${pointerToken(unknown)}`,
      `is not a parameter of this model; it has ${expectedNames.join(', ')}; nearest is ${nearest(unknown, expectedNames)}`,
    )
  const parameters = new Map<string, Tensor>()
  for (const { name, shape } of expected) {
    const place = `${path}/${pointerToken(prefix + name)}`
    if (!Object.hasOwn(given, prefix + name))
      throw invalid(place, `is missing: the model has it, (${shape.join(', ')})`)
    const tensor = readTensor(given[prefix + name], place)
    if (tensor.shape.join() !== shape.join())
      throw invalid(place, `must be (${shape.join(', ')}), not (${tensor.shape.join(', ')})`)
    parameters.set(name, tensor)
  }
  return parameters
}

/** Of the first candidates the one that takes the fewest single-character edits to reach (Levenshtein 1966). */
export function nearest(name: string, all: readonly string[]): string {
  const candidates = all.slice(0, 64)
  const short = name.slice(-128)
  const distances = candidates.map((candidate) => distance(short, candidate))
  return candidates[distances.indexOf(Math.min(...distances))] ?? ''
}

function distance(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++)
      row[j] = Math.min(above[j]! + 1, row[j - 1]! + 1, above[j - 1]! + Number(a[i - 1] !== b[j - 1]))
    above = row
  }
  return above[b.length]!
}

import { invalid } from '../../errors.ts'
import type { NamedParameters } from '../../sources/source.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import { plainObject, pointerToken, readTensor } from './tensor.ts'

export interface Named {
  readonly name: string
  readonly shape: readonly number[]
}

/**
 * The names of a state dict without the prefix that all of them share, such as `module.` or `layers.0.attn.`: the one
 * that is there when an expected name stands behind it; empty where there is none or more than one.
 */
export function sharedPrefix(given: readonly string[], expected: readonly string[]): string {
  const prefixes = new Set<string>()
  for (const name of given) {
    const known = expected.find((each) => name === each || name.endsWith(`.${each}`))
    if (known === undefined) return ''
    prefixes.add(name.slice(0, name.length - known.length))
  }
  const [only = ''] = prefixes
  return prefixes.size === 1 ? only : ''
}

/** A state dict with just these tensors, each of its shape. Throws a 400 that names the place. */
export function readStateDict(value: unknown, path: string, expected: readonly Named[]): NamedParameters {
  const given = plainObject(value, path)
  const names = Object.keys(given)
  const expectedNames = expected.map(({ name }) => name)
  const prefix = sharedPrefix(names, expectedNames)
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

/** The candidate that takes the fewest single-character edits to reach (Levenshtein 1966). */
export function nearest(name: string, candidates: readonly string[]): string {
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

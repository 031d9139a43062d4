import { NumberArray } from '../read/number-array.ts'

/** Entries of one array or object, and of a whole excerpt. */
const mostOfOne = 64
const mostOfAll = 2_000

export interface Excerpt {
  readonly value: unknown
  /** Objects of it that are not whole: what they lack may be in the rest. */
  readonly cut: ReadonlySet<unknown>
}

/**
 * The beginning of a value: of each array and object the first entries, in their places. Small however large the value
 * is, so that a wrong body can be looked at for all that is wrong with it.
 */
export function excerptOf(value: unknown): Excerpt {
  const cut = new Set<unknown>()
  let left = mostOfAll
  const excerpt = (node: unknown): unknown => {
    if (node === null || typeof node !== 'object' || node instanceof NumberArray) return node
    if (Array.isArray(node)) {
      const part: unknown[] = []
      for (let i = 0; i < node.length && i < mostOfOne && left-- > 0; i++) part.push(excerpt(node[i]))
      return part
    }
    const part: Record<string, unknown> = {}
    let entries = 0
    for (const key in node) {
      if (++entries > mostOfOne || left-- <= 0) {
        cut.add(part)
        break
      }
      part[key] = excerpt((node as Record<string, unknown>)[key])
    }
    return part
  }
  return { value: excerpt(value), cut }
}

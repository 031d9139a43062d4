import { darkInk, lightInk } from './theme.ts'

/** Which ink is legible on a cell, as an expression over the cell's value. */
export interface Ink {
  readonly test: (value: string) => string
  readonly then: string
  readonly otherwise: string
}

/** A sequential scale grows lighter all the way; from 0.44 of it on black has the greater contrast. */
export function sequentialInk([low, high]: readonly [number, number]): Ink {
  const from = Number((low + 0.44 * (high - low)).toPrecision(4))
  return { test: (value) => `${value} >= ${from}`, then: darkInk, otherwise: lightInk }
}

/**
 * A diverging scale over -extent..extent is light in the middle and dark at the ends, blue ones later than red ones.
 */
export function divergingInk(extent: number): Ink {
  const [from, to] = [-0.78 * extent, 0.745 * extent].map((value) => Number(value.toPrecision(4)))
  return { test: (value) => `${value} >= ${from} && ${value} <= ${to}`, then: darkInk, otherwise: lightInk }
}

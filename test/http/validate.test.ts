import { Type } from '@sinclair/typebox'
import { describe, expect, it } from 'vitest'
import { ServiceError } from '../../src/errors.ts'
import { validateBody } from '../../src/http/schemas/validate.ts'

const schema = Type.Object(
  {
    names: Type.Optional(
      Type.Array(Type.Union([Type.Literal('a'), Type.Literal('b')]), { maxItems: 5, uniqueItems: true }),
    ),
    labels: Type.Optional(Type.Array(Type.String(), { maxItems: 100_000 })),
    needed: Type.Integer(),
    other: Type.Optional(Type.Integer()),
  },
  { additionalProperties: false },
)

function wrong(body: unknown): Record<string, string> {
  try {
    validateBody(schema, body)
  } catch (error) {
    return Object.fromEntries((error as ServiceError).places.map(({ path, message }) => [path, message]))
  }
  return {}
}

describe('a body that is wrong', () => {
  it('is told all its places', () => {
    expect(wrong({ names: ['a', 'c'], labels: [1], other: 'x' })).toEqual({
      '/needed': 'is missing',
      '/names/1': 'must be one of a, b',
      '/labels/0': 'must be string',
      '/other': 'must be integer',
    })
  })

  it('is told the one place far behind', () => {
    const labels: unknown[] = Array.from({ length: 90_000 }, () => 'x')
    labels[80_000] = 1
    expect(wrong({ needed: 1, labels })).toEqual({ '/labels/80000': 'must be string' })
  })

  it('with very many wrong entries is told the first ones', () => {
    const names = Array.from({ length: 50_000 }, (_, i) => `n${i}`)
    const places = wrong({ needed: 1, names, labels: Array.from({ length: 100_000 }, () => 1) })
    expect(places['/names']).toBe('must NOT have more than 5 items')
    expect(Object.keys(places)).toHaveLength(20)
  })

  it('with very many unknown keys is not told that others are missing', () => {
    const unknown = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`k${i}`, 1]))
    const places = wrong({ ...unknown, needed: 1 })
    expect(places).toMatchObject({ '/k0': 'is not known here' })
    expect(places).not.toHaveProperty('/needed')
    expect(wrong(unknown)).toMatchObject({ '/needed': 'is missing' })
  })

  it('is right where nothing is wrong', () => {
    expect(wrong({ needed: 1, names: ['b', 'a'], labels: Array.from({ length: 100_000 }, () => '') })).toEqual({})
  })
})

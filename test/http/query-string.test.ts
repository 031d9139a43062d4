import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listIn, parseQueryString, plainListIn } from '../../src/http/read/query-string.ts'
import type { Service } from '../../src/service.ts'
import { startService } from '../support/service.ts'

describe('a list in a query string', () => {
  it('is separated by literal commas; an encoded one belongs to its item', () => {
    const query = parseQueryString('tokens=Hello%2C,world&heads=0,2&a%2Cb=c')
    expect(query).toEqual({ tokens: 'Hello,,world', heads: '0,2', 'a,b': 'c' })
    expect(listIn(query, 'tokens')).toEqual(['Hello,', 'world'])
    expect(listIn(query, 'heads')).toEqual(['0', '2'])
    expect(listIn(query, 'a,b')).toEqual(['c'])
    expect(listIn(query, 'rows')).toBeUndefined()
  })

  it('may be given by repeating its name', () => {
    const query = parseQueryString('tokens=Hello%2C&x=1&tokens=world')
    expect(listIn(query, 'tokens')).toEqual(['Hello,', 'world'])
  })

  it('reads plus signs, empty items, names without a value and what is no encoding', () => {
    expect(listIn(parseQueryString('t=a+b,%2B'), 't')).toEqual(['a b', '+'])
    expect(listIn(parseQueryString('t=,'), 't')).toEqual(['', ''])
    expect(listIn(parseQueryString('t'), 't')).toEqual([''])
    expect(listIn(parseQueryString('t=100%,%zz'), 't')).toEqual(['100%', '%zz'])
    expect(listIn(parseQueryString('t%6Fkens=a,b'), 'tokens')).toEqual(['a', 'b'])
    expect(listIn(parseQueryString('t=a=b,c'), 't')).toEqual(['a=b', 'c'])
  })

  it('gives back any texts whatever that were encoded one by one', () => {
    const texts = fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(texts, texts, (a, b) => {
        const text = `a=${a.map(encodeURIComponent).join(',')}&${b.map((item) => `b=${encodeURIComponent(item)}`).join('&')}`
        const query = parseQueryString(text)
        expect(listIn(query, 'a')).toEqual(a)
        expect(listIn(query, 'b')).toEqual(b)
      }),
      { seed: 14, numRuns: 300 },
    )
  })

  it('of numbers or names may come from a client that encodes whole values', () => {
    const list = (text: string): string[] | undefined => plainListIn(parseQueryString(text), 'randn')
    expect(list('randn=5,8,20')).toEqual(['5', '8', '20'])
    expect(list('randn=5%2C8%2C20')).toEqual(['5', '8', '20'])
    expect(list('randn=5%2C8,20')).toEqual(['5,8', '20'])
    expect(list('randn=5&randn=8&randn=20')).toEqual(['5', '8', '20'])
    expect(list('x=1')).toBeUndefined()
  })
})

describe('a link', () => {
  let service: Service
  beforeAll(async () => {
    service = await startService()
  })
  afterAll(() => service.close())

  const get = (query: string) =>
    service.app.inject({ url: `/attention/multi-head?d_in=4&d_out=4&num_heads=4&seed=1&${query}` })
  const two = 'randn=1,2,4&return=weights'

  it('labels positions by tokens that hold commas', async () => {
    const answer = await get(`${two}&tokens=Hello%2C,wor%26ld`)
    expect(answer.json()).toMatchObject({ tokens: ['Hello,', 'wor&ld'] })
    const repeated = await get(`${two}&tokens=Hello%2C&tokens=wor%26ld`)
    expect(repeated.json()).toMatchObject({ tokens: ['Hello,', 'wor&ld'] })
    expect(repeated.headers.etag).toBe(answer.headers.etag)
    const one = await get('randn=1,1,4&tokens=a%2Cb')
    expect(one.json()).toMatchObject({ tokens: ['a,b'] })
    expect((await get(`${two}&tokens=a%2Cb`)).json()).toMatchObject({ errors: [{ path: '/tokens' }] })
  })

  it('shows the labels in its figure', async () => {
    const answer = await get(`${two}&tokens=Hello%2C,world&format=vegalite&figure=weights`)
    expect(answer.statusCode).toBe(200)
    expect(answer.body).toContain('Hello,')
    expect(answer.body).not.toContain('"Hello"')
  })

  it('has another tag where an encoded comma makes another list', async () => {
    const tags = ['randn=1,3,4&tokens=a%2Cb,c,d', 'randn=1,3,4&tokens=a,b%2Cc,d'].map(
      async (query) => (await get(query)).headers.etag,
    )
    const [first, second] = await Promise.all(tags)
    expect(first).toBeDefined()
    expect(second).not.toBe(first)
  })

  it.each([
    ['randn=1%2C2,4', '/randn'],
    ['randn=1,2,4&heads=0%2C1,2', '/heads/0'],
    ['randn=1,2,4&return=weights%2Ccontext,summary', '/return/0'],
    ['randn=1,2,4&format=svg&head=0%2C1,2', '/head'],
    ['randn=1,2,4&seed=1&seed=2', '/seed'],
    ['randn=1,2,4&mode=eval&mode=train', '/mode'],
    ['randn=1,2,4&rows=0-0&rows=1-1', '/rows'],
  ])('refuses %s', async (query, place) => {
    const answer = await get(query)
    expect(answer.statusCode).toBe(400)
    expect(answer.json().errors[0].path).toBe(place)
  })

  it('takes lists of numbers and names from clients that encode every comma', async () => {
    const answer = await get('randn=1%2C2%2C4&return=weights%2Cscores&heads=0%2C2')
    expect(answer.statusCode).toBe(200)
    const { weights, scores } = answer.json()
    expect([weights[0].length, scores[0].length]).toEqual([2, 2])
    expect((await get('randn=1,2,4&format=svg&head=0%2C2')).statusCode).toBe(200)
  })
})

import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Service } from '../../../src/service.ts'
import { tiny } from '../../support/requests.ts'
import { startService } from '../../support/service.ts'

let service: Service
beforeAll(async () => {
  service = await startService({ CORS_ORIGINS: 'https://lab.example,https://other.example' })
})
afterAll(() => service.close())

interface Asked {
  readonly method?: 'GET' | 'POST' | 'HEAD'
  readonly url: string
  readonly payload?: object
  readonly accept?: string
}
const inject = ({ accept, ...asked }: Asked, headers: Record<string, string> = {}) =>
  service.app.inject({ ...asked, headers: { ...(accept === undefined ? {} : { accept }), ...headers } })

const model = { d_in: 16, d_out: 16, num_heads: 2 }
const attention = (T: number, accept: string): Asked => ({
  method: 'POST',
  url: '/attention/multi-head',
  payload: { model, input: { randn: [1, T, 16] }, return: ['weights'] },
  accept,
})
const experiment = (accept: string, more: object = {}): Asked => ({
  method: 'POST',
  url: '/experiments/heads',
  payload: { seeds: { count: 100 }, ...more },
  accept,
})
const link: Asked = { url: '/attention/causal?d_in=3&d_out=2&randn=1,100,3' }

const decode = {
  zstd: (bytes: Buffer) => zstdDecompressSync(bytes),
  br: (bytes: Buffer) => brotliDecompressSync(bytes),
  gzip: (bytes: Buffer) => gunzipSync(bytes),
}
const csv = 'text/csv'
const json = 'application/json'
const svg = 'image/svg+xml'
const vega = 'application/vnd.vegalite.v6+json'

describe.each(['zstd', 'br', 'gzip'] as const)('%s', (coding) => {
  const numbers: readonly [string, Asked][] = [
    ['numbers in one piece', attention(64, json)],
    ['numbers in more', attention(256, json)],
    ['a link', link],
    ['CSV', experiment(csv)],
  ]
  const texts: readonly [string, Asked][] = [
    ['a figure', attention(24, svg)],
    ['its specification', attention(48, vega)],
    ['a report', experiment(json)],
    ['a report with rows', experiment(json, { return: ['rows'], seeds: { count: 800 } })],
    ['its figure', experiment(svg)],
    ['openapi.json', { url: '/openapi.json' }],
    ['openapi.yaml', { url: '/openapi.yaml' }],
    ['a script', { url: '/docs/static/swagger-ui-bundle.js' }],
    ['a style sheet', { url: '/docs/static/swagger-ui.css' }],
  ]
  it.each(coding === 'gzip' ? texts : [...numbers, ...texts])('%s', async (_name, asked) => {
    const plain = await inject(asked)
    expect(plain.statusCode, plain.body.slice(0, 300)).toBe(200)
    expect(plain.rawPayload.length).toBeGreaterThan(16 * 1024)
    expect(plain.headers['content-encoding']).toBeUndefined()
    const coded = await inject(asked, { 'accept-encoding': `${coding}, deflate` })
    expect(coded.headers['content-encoding']).toBe(coding)
    expect(String(coded.headers.vary).toLowerCase().split(', ')).toContain('accept-encoding')
    expect(coded.headers['content-type']).toBe(plain.headers['content-type'])
    expect(coded.rawPayload.length).toBeLessThan(0.65 * plain.rawPayload.length)
    expect(decode[coding](coded.rawPayload).equals(plain.rawPayload)).toBe(true)
    const { 'content-length': length } = coded.headers
    if (length !== undefined) expect(Number(length)).toBe(coded.rawPayload.length)
  })

  it.skipIf(coding !== 'gzip').each(numbers)('is slower than the line: %s', async (_name, asked) => {
    const answer = await inject(asked, { 'accept-encoding': 'gzip, deflate' })
    expect(answer.headers['content-encoding']).toBeUndefined()
    expect(String(answer.headers.vary)).toMatch(/accept-encoding/i) // others get another one
    const only = await inject(asked, { 'accept-encoding': 'gzip, identity;q=0' })
    expect(only.headers['content-encoding']).toBe('gzip')
    expect(gunzipSync(only.rawPayload).equals(answer.rawPayload)).toBe(true)
  })
})

describe('what is not compressed', () => {
  const everything = { 'accept-encoding': 'gzip, deflate, br, zstd' }

  it('small answers, the study’s among them, unless nothing else is taken', async () => {
    for (const asked of [
      { method: 'POST', url: '/attention/multi-head', payload: tiny },
      { url: '/health/ready' },
      { url: '/nothing' },
      { url: '/jobs' },
      { url: '/docs/static/docs.js' },
    ] satisfies Asked[]) {
      const answer = await inject(asked, everything)
      expect(answer.headers['content-encoding']).toBeUndefined()
      const insisted = await inject(asked, { 'accept-encoding': 'br, *;q=0' })
      expect(insisted.headers['content-encoding']).toBe('br')
    }
  })

  it.each(['application/x-npz', 'image/png'])('%s', async (accept) => {
    const answer = await inject(attention(64, accept), everything)
    expect([answer.statusCode, answer.headers['content-type']]).toEqual([200, accept])
    expect(answer.headers['content-encoding']).toBeUndefined()
  })

  it('anything for a client that does not say what it takes', async () => {
    for (const headers of [{}, { 'accept-encoding': '' }, { 'accept-encoding': 'identity' }] as Record<
      string,
      string
    >[])
      expect((await inject(attention(64, json), headers)).headers['content-encoding']).toBeUndefined()
  })
})

describe('caches', () => {
  it('a link has one weak tag in every coding, and is 304 by it', async () => {
    const plain = await inject(link)
    const { etag } = plain.headers
    expect(etag).toMatch(/^W\//)
    for (const coding of ['zstd', 'br', 'gzip, identity;q=0']) {
      const coded = await inject(link, { 'accept-encoding': coding })
      expect(coded.headers['content-encoding']).toBe(coding.split(',')[0])
      expect(coded.headers.etag).toBe(etag)
      const again = await inject(link, { 'accept-encoding': coding, 'if-none-match': etag as string })
      expect([again.statusCode, again.headers['content-encoding'], again.body]).toEqual([304, undefined, ''])
      expect(String(again.headers.vary)).toMatch(/accept, accept-encoding/i)
    }
  })

  it('HEAD says what GET says', async () => {
    const large: Asked = { url: '/attention/causal?d_in=3&d_out=2&randn=1,400,3' } // in pieces
    for (const asked of [link, large, { url: '/openapi.json' }, { url: '/docs/static/swagger-ui-bundle.js' }]) {
      for (const coding of ['zstd', 'br']) {
        const get = await inject(asked, { 'accept-encoding': coding })
        const head = await inject({ ...asked, method: 'HEAD' }, { 'accept-encoding': coding })
        expect(head.body).toBe('')
        const said = ({ headers }: typeof get) =>
          ['content-encoding', 'content-length', 'content-type', 'vary', 'etag'].map((name) => headers[name])
        expect(said(head), asked.url).toEqual(said(get))
      }
    }
  })

  it('Vary says Origin too where origins differ', async () => {
    for (const asked of [link, attention(64, json), { ...link, method: 'HEAD' as const }]) {
      const answer = await inject(asked, { origin: 'https://lab.example', 'accept-encoding': 'zstd' })
      expect(String(answer.headers.vary).split(', ').sort()).toEqual(['Accept', 'Accept-Encoding', 'Origin'])
    }
  })
})

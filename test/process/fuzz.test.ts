import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { catalogue } from '../../src/errors.ts'
import { counted, figure, soaking } from '../support/figure.ts'
import { path, tiny, tinyBy } from '../support/requests.ts'
import { RunningService } from '../support/running-service.ts'
import { randomFrom } from '../support/random.ts'

/** What must never be in an error: stacks, paths, names of what the service is built on. */
const innards =
  /\bat .+:\d+:\d+|\/(src|node_modules|work|home|usr|tmp)\/|fastify|undici|onnx|typebox|ajv|node:|\.ts\b|TypeError|RangeError|Cannot read/i

let service: RunningService
beforeAll(async () => {
  service = await RunningService.start()
})
afterAll(() => service.stop())

/** Asserts that an answer is a problem document of the catalogue that shows no innards. */
function checkProblem(text: string, status: number, requestId: unknown): void {
  const problem = JSON.parse(text)
  expect(Object.keys(catalogue)).toContain(problem.code)
  expect(problem.status).toBe(status)
  expect(problem.instance).toBe(requestId)
  expect(problem.detail.length).toBeGreaterThan(0)
  expect(text).not.toMatch(innards)
}

describe('malformed bodies (promises 1 and 19)', () => {
  it('never crash it, never give 5xx, and say one thing in one format', async () => {
    const count = soaking ? 10_000 : 2_000
    const random = randomFrom(1)
    const bodies = [
      tiny,
      tinyBy(7),
      {
        ...tiny,
        input: {
          values: [
            [
              [1, 2.5],
              [-3e-7, 4],
            ],
          ],
        },
        model: { d_in: 2, d_out: 2, num_heads: 1 },
      },
      { ...tiny, tokens: ['a', 'b'], tensor_format: 'flat', heads: [0], rows: [0, 3] },
    ].map((body) => Buffer.from(JSON.stringify(body)))
    const statuses = new Map<number, number>()
    let next = 0
    await Promise.all(
      Array.from({ length: 8 }, async () => {
        while (next++ < count) {
          const body = mutate(bodies[Math.floor(random() * bodies.length)]!, random)
          const answer = await service.post(path, body)
          statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1)
          if (answer.status !== 200) {
            expect(answer.headers['content-type']).toBe('application/problem+json')
            checkProblem(answer.text, answer.status, answer.headers['x-request-id'])
          }
        }
      }),
    )
    counted(1, `${count} mutated bodies: ${JSON.stringify(Object.fromEntries(statuses))}`)
    expect([...statuses.keys()].filter((status) => status >= 500)).toEqual([])
    expect((statuses.get(400) ?? 0) / count).toBeGreaterThan(0.3)
    expect((await service.get('/health/ready')).status).toBe(200)
    expect((await service.workers())[0]!.restarts).toBe(0)
  }, 240_000)
})

function mutate(body: Buffer, random: () => number): Buffer {
  let bytes = Buffer.from(body)
  for (let times = 1 + Math.floor(random() * 4); times > 0; times--) {
    const at = Math.floor(random() * bytes.length)
    const kind = Math.floor(random() * 6)
    if (kind === 0) bytes[at] = Math.floor(random() * 256)
    else if (kind === 1) bytes = bytes.subarray(0, at)
    else if (kind === 2)
      bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(Math.floor(random() * bytes.length))])
    else if (kind === 3)
      bytes = Buffer.concat([
        bytes.subarray(0, at),
        Buffer.from(
          ['null', '-1', '1e999', '[]', '{}', '"', ',', '18446744073709551616', '\\u0000', '\ud800', 'true'][
            Math.floor(random() * 11)
          ]!,
        ),
        bytes.subarray(at),
      ])
    else if (kind === 4)
      bytes = Buffer.from(
        bytes.toString('latin1').replace(/\d+/, String(Math.floor(random() * 2 ** 40) - 2 ** 20)),
        'latin1',
      )
    else bytes = Buffer.from(bytes.toString('latin1').replace(/"[a-z_]+"/, '"__proto__"'), 'latin1')
    if (bytes.length === 0) return bytes
  }
  return bytes
}

describe('what is not HTTP (promise 2)', () => {
  it('gets a well-formed error, as a problem document wherever it can be answered', async () => {
    const random = randomFrom(2)
    const count = soaking ? 1_000 : 300
    const statuses = new Map<string, number>()
    let next = 0
    await Promise.all(
      Array.from({ length: 50 }, async () => {
        while (next++ < count) {
          const answer = await exchangeRaw(garbage(random))
          const status = /^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1] ?? (answer === '' ? 'closed' : 'malformed')
          statuses.set(status, (statuses.get(status) ?? 0) + 1)
          const [head, body] = answer.split('\r\n\r\n') as [string, string]
          expect(['400', '404', '405', '408', '413', '414', '415', '431'], head).toContain(status)
          expect(head).toMatch(/content-type: application\/problem\+json/i)
          expect(head).toMatch(/x-request-id: /i)
          checkProblem(
            body.slice(0, Number(/content-length: (\d+)/i.exec(head)![1])),
            Number(status),
            /x-request-id: (\S+)/i.exec(head)![1],
          )
        }
      }),
    )
    counted(2, `${count} raw cases: ${JSON.stringify(Object.fromEntries(statuses))}`)
    expect((await service.get('/health/ready')).status).toBe(200)
  })

  function exchangeRaw(bytes: Buffer): Promise<string> {
    return new Promise((resolve) => {
      const socket = connect(service.port, '127.0.0.1')
      let text = ''
      socket.setEncoding('latin1')
      socket.on('data', (chunk: string) => {
        text += chunk
        const [head, body] = text.split('\r\n\r\n')
        if (body !== undefined && body.length >= Number(/content-length: (\d+)/i.exec(head!)?.[1] ?? 0))
          socket.destroy()
      })
      socket.on('error', () => {})
      socket.on('close', () => resolve(text))
      socket.write(bytes) // its end would say that the client has left
    })
  }

  function garbage(random: () => number): Buffer {
    const noise = Buffer.from(Array.from({ length: 1 + Math.floor(random() * 200) }, () => Math.floor(random() * 256)))
    const head = (rest: string): Buffer => Buffer.from(`POST ${path} HTTP/1.1\r\nHost: x\r\n${rest}`, 'latin1')
    const cases = [
      () => Buffer.concat([Buffer.from('G'), noise]),
      () => Buffer.from(`GET / HTTP/9.9\r\nHost: x\r\n\r\n`),
      () => Buffer.from('GET /health/live HTTP/1.1\r\n\r\n'), // no Host
      () => head('Content-Length: -1\r\n\r\n'),
      () => head('Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello'),
      () => head('Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nhello'),
      () => head('Transfer-Encoding: chunked\r\n\r\nZZ\r\nhello\r\n0\r\n\r\n'),
      () => head(`X: ${'a'.repeat(20_000)}\r\n\r\n`),
      () => head(`${noise.toString('latin1').replaceAll(/[\r\n]/g, '')}\r\n\r\n`).subarray(0),
      () => head('Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"model"'), // ends before its length
      () => Buffer.from(`GET /${'%'.repeat(1 + Math.floor(random() * 20))} HTTP/1.1\r\nHost: x\r\n\r\n`),
      () => Buffer.from(`GET /attention/${'x'.repeat(10_000)} HTTP/1.1\r\nHost: x\r\n\r\n`),
      () => Buffer.from(`BREW /attention/causal HTTP/1.1\r\nHost: x\r\n\r\n`),
      () => Buffer.from(`CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n`),
      () => head('Expect: miracles\r\nContent-Type: application/json\r\nContent-Length: 1\r\n\r\n{'),
      () =>
        Buffer.concat([
          head(
            'Content-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: ' + noise.length + '\r\n\r\n',
          ),
          noise,
        ]),
    ]
    return cases[Math.floor(random() * cases.length)]!()
  }
})

describe('shapes that overflow and nesting without end (promise 5)', () => {
  it('are 4xx', async () => {
    const sizes = [2 ** 31, 2 ** 32, 2 ** 53 - 1, 1e15, 4_294_967_297]
    for (const size of sizes) {
      for (const body of [
        { ...tiny, input: { randn: [1, size, 20] } },
        { ...tiny, input: { randn: [size, size, 20] } },
        { model: { d_in: size, d_out: size, num_heads: 1 }, input: { randn: [1, 1, size] } },
        { ...tiny, input: { shape: [size, size, 20], data: [1] } },
        { ...tiny, input: { shape: [size, 1, 20], base64: '' } },
      ]) {
        const answer = await service.post(path, { ...body, return: ['summary'] }, { 'request-timeout': '5' })
        expect(answer.status, JSON.stringify(body)).toBeGreaterThanOrEqual(400)
        expect(answer.status, JSON.stringify(body)).toBeLessThan(500)
      }
    }
    counted(5, `${sizes.length * 5} shapes: all 4xx`)
  })

  it('JSON 100,000 deep is refused at once', async () => {
    await service.post(path, tiny)
    const depth = 100_000
    const deep = [
      `{"input":${'['.repeat(depth)}${']'.repeat(depth)}}`,
      `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`,
      '['.repeat(depth),
    ]
    let slowest = 0
    for (const body of deep) {
      const answer = await service.post(path, body)
      expect(answer.status).toBe(400)
      slowest = Math.max(slowest, answer.ms)
    }
    figure(5, 'JSON 100,000 deep refused', slowest, { below: 200, unit: ' ms' })
  })
})

import { request } from 'node:http'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { huge, path, tiny } from '../support/requests.ts'
import { RunningService, until } from '../support/running-service.ts'

const mebi = 2 ** 20

describe('a long answer is written to its client by the worker', () => {
  let service: RunningService
  let whole: Buffer
  beforeAll(async () => {
    service = await RunningService.start()
    whole = bodyOf(await exchange('1.0', [huge])) // an old client's goes through the gateway: it knows no chunks
    expect(whole.length).toBeGreaterThan(50 * mebi)
    expect(JSON.parse(whole.toString()).weights).toHaveLength(1)
  })
  afterAll(() => service.stop())

  function send(socket: Socket, version: string, body: object): void {
    const text = JSON.stringify(body)
    socket.write(
      `POST ${path} HTTP/${version}\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${text.length}\r\n\r\n${text}`,
    )
  }

  /** Sends requests at once on one connection; all that comes back until `end` comes, or the connection ends. */
  async function exchange(version: string, bodies: object[], end: Buffer | null = null): Promise<Buffer> {
    const socket = connect(service.port, '127.0.0.1')
    for (const body of bodies) send(socket, version, body)
    const parts: Buffer[] = []
    for await (const part of socket as AsyncIterable<Buffer>) {
      parts.push(part)
      if (end !== null && Buffer.concat(parts.slice(-2)).includes(end)) break
    }
    return Buffer.concat(parts)
  }

  const bodyOf = (answer: Buffer): Buffer => answer.subarray(answer.indexOf('\r\n\r\n') + 4)

  /** A chunked body's content, and what stands behind it. */
  function chunksOf(body: Buffer): { content: Buffer; ended: boolean; rest: Buffer } {
    const pieces: Buffer[] = []
    let at = 0
    while (at < body.length) {
      const line = body.indexOf('\r\n', at)
      const size = Number.parseInt(body.toString('latin1', at, line), 16)
      at = line + 2
      if (size === 0) return { content: Buffer.concat(pieces), ended: true, rest: body.subarray(at + 2) }
      pieces.push(body.subarray(at, at + size))
      at += size + 2
    }
    return { content: Buffer.concat(pieces), ended: false, rest: Buffer.alloc(0) }
  }

  it('byte for byte, and what the client sent behind it is answered on the same connection', async () => {
    const answers = await exchange(
      '1.1',
      [huge, { ...tiny, return: ['summary'] }],
      Buffer.from('"engine":{"name":"direct"'),
    )
    const { content, ended, rest } = chunksOf(bodyOf(answers))
    expect(ended).toBe(true)
    expect(content.equals(whole)).toBe(true)
    expect(rest.toString()).toMatch(/^HTTP\/1\.1 200 /)
    expect(JSON.parse(bodyOf(rest).toString()).summary.weights.entropy).toHaveLength(2)
  })

  it('while the gateway has nothing to do with it but its head and its end', async () => {
    const socket = connect(service.port, '127.0.0.1')
    const parts: Buffer[] = []
    let received = 0
    socket.on('data', (part: Buffer) => {
      parts.push(part)
      received += part.length
    })
    send(socket, '1.1', huge)
    await until(() => Promise.resolve(received > 4 * mebi), 30_000, 'the worker writes')
    process.kill(service.pid, 'SIGSTOP')
    try {
      await until(() => Promise.resolve(received >= whole.length), 30_000, 'the body is here')
      await until(
        () => Promise.resolve(chunksOf(bodyOf(Buffer.concat(parts))).content.length === whole.length),
        30_000,
        'all of it',
        200,
      )
      expect(chunksOf(bodyOf(Buffer.concat(parts))).ended).toBe(false)
    } finally {
      process.kill(service.pid, 'SIGCONT')
    }
    await until(() => Promise.resolve(parts.at(-1)!.toString().endsWith('0\r\n\r\n')), 30_000, 'the end')
    socket.destroy()
    expect(chunksOf(bodyOf(Buffer.concat(parts))).content.equals(whole)).toBe(true)
  })

  it('until the client leaves: nothing is held for it, and the worker goes on', async () => {
    const { pid } = (await service.workers())[0]!
    const socket = connect(service.port, '127.0.0.1')
    send(socket, '1.1', huge)
    await new Promise((resolve) => socket.once('data', resolve))
    socket.destroy()
    await until(
      async () => (await service.metric('attention_inflight_bytes{kind="work"}')) === 0,
      30_000,
      'its memory is given back',
    )
    expect((await service.post(path, tiny)).status).toBe(200)
    expect((await service.workers())[0]!.pid).toBe(pid)
  })

  it('but up to 1 MiB comes whole, with its length, so that it could be asked for again', async () => {
    const body = JSON.stringify({ ...huge, input: { randn: [1, 96, 64] } })
    const headers = await new Promise<Record<string, unknown>>((resolve, reject) => {
      const sent = request(
        { port: service.port, path, method: 'POST', headers: { 'content-type': 'application/json' } },
        (response) => {
          void text(response).then((answer) => {
            expect(answer.length).toBeGreaterThan(256 * 1024)
            resolve({ ...response.headers, bytes: answer.length })
          })
        },
      )
      sent.on('error', reject)
      sent.end(body)
    })
    expect(headers['content-length']).toBe(String(headers['bytes']))
    expect(Object.keys(headers).filter((name) => name.startsWith('x-hand') || name.startsWith('x-worker'))).toEqual([])
  })
})

import { once } from 'node:events'
import { get } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { Readable } from 'node:stream'
import { buffer, text } from 'node:stream/consumers'
import { setTimeout } from 'node:timers/promises'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { withLeastBytes } from '../../src/encoders/least-bytes.ts'
import { acceptHeader, offerHeader } from '../../src/http/hand-over.ts'
import { HandOvers } from '../../src/http/plugins/hand-over.ts'

const mebi = 2 ** 20
const quarter = Buffer.alloc(mebi / 4, 'x')

/** A worker's side of handing over; the test is its gateway, and the client beyond that. */
describe('an answer that is handed over', () => {
  let app: FastifyInstance
  let handOvers: HandOvers
  let clients: Server
  let body: Readable
  /** Resolves when what hangs on the answer, as its memory does, is let go; tells whether it was whole. */
  let released: Promise<boolean>

  beforeEach(async () => {
    handOvers = new HandOvers()
    app = Fastify()
    void handOvers.part(app)
    const { promise, resolve } = Promise.withResolvers<boolean>()
    released = promise
    app.get('/', (_request, reply) => {
      reply.raw.once('close', () => resolve(reply.raw.writableFinished))
      return reply.type('text/plain').send(body)
    })
    await app.listen()
    clients = createServer().listen(0, '127.0.0.1')
    await once(clients, 'listening')
  })
  afterEach(async () => {
    await app.close()
    clients.close()
  })

  /** The head that the gateway gets. */
  async function ask(): Promise<IncomingMessage> {
    const asked = get({
      port: (app.server.address() as AddressInfo).port,
      headers: { [offerHeader]: '1', connection: 'close' },
    })
    const [head] = (await once(asked, 'response')) as [IncomingMessage]
    head.on('error', () => {})
    return head
  }

  /** A client, whose connection to the gateway is lent. */
  async function lend(id: string): Promise<Socket> {
    const client = connect((clients.address() as AddressInfo).port, '127.0.0.1')
    const [accepted] = (await once(clients, 'connection')) as [Socket]
    const { _handle: handle } = accepted as unknown as { _handle: unknown }
    handOvers.lend(id, handle)
    return client
  }

  /** A stream of pieces, and how many have been taken from it. */
  function counted(
    count: number,
    leastBytes: number,
    piece: (i: number) => Promise<Buffer> | Buffer,
  ): { taken: number } {
    const state = { taken: 0 }
    async function* pieces(): AsyncGenerator<Buffer> {
      for (; state.taken < count; state.taken++) yield await piece(state.taken)
    }
    body = withLeastBytes(Readable.from(pieces(), { highWaterMark: 1 }), leastBytes)
    return state
  }

  it('has its head before its first byte, where it is surely long', async () => {
    const { promise: first, resolve: make } = Promise.withResolvers<Buffer>()
    counted(1, 2 * mebi, () => first)
    const head = await ask()
    expect(head.statusCode).toBe(200)
    const client = await lend(head.headers[acceptHeader] as string)
    make(Buffer.from('late'))
    expect(await text(client)).toBe('4\r\nlate\r\n') // the end is the gateway's
    expect(await text(head)).toBe('')
    expect(await released).toBe(true)
  })

  it('has no head while it may be short, and is whole if it is', async () => {
    counted(3, mebi, () => Buffer.from('abc'))
    const head = await ask()
    expect(head.headers).not.toHaveProperty(acceptHeader)
    expect(head.headers['content-length']).toBe('9')
    expect(await text(head)).toBe('abcabcabc')
  })

  it.each([
    ['surely', 2 * mebi],
    ['perhaps', 0],
  ])('is made ahead of the connection, but not far: %s long', async (_, leastBytes) => {
    const made = counted(40, leastBytes, () => quarter)
    const head = await ask()
    await setTimeout(100)
    expect(made.taken * quarter.length).toBeGreaterThan(1.5 * mebi)
    expect(made.taken * quarter.length).toBeLessThan(3 * mebi)
    const client = await lend(head.headers[acceptHeader] as string)
    const received = await buffer(client)
    const chunk = Buffer.concat([Buffer.from('40000\r\n'), quarter, Buffer.from('\r\n')])
    expect(received.equals(Buffer.concat(new Array<Buffer>(40).fill(chunk)))).toBe(true)
    expect(await text(head)).toBe('')
    expect(await released).toBe(true)
  })

  it('breaks off when it fails before the connection is there, which then is of no use', async () => {
    counted(2, 2 * mebi, (i) => {
      if (i === 1) throw new Error('a piece that cannot be made')
      return quarter
    })
    const head = await ask()
    await expect(text(head)).rejects.toThrow('aborted')
    expect(await released).toBe(false)
    expect(await text(await lend(head.headers[acceptHeader] as string))).toBe('')
  })

  it('breaks off when it fails behind that', async () => {
    const { promise: second, reject: fail } = Promise.withResolvers<Buffer>()
    counted(2, 2 * mebi, (i) => (i === 0 ? quarter : second))
    const head = await ask()
    const client = await lend(head.headers[acceptHeader] as string)
    await once(client, 'readable')
    fail(new Error('a piece that cannot be made'))
    expect((await buffer(client)).length).toBe(quarter.length + 9)
    await expect(text(head)).rejects.toThrow('aborted')
    expect(await released).toBe(false)
  })

  it('ends with a gateway that leaves before it lent the connection', async () => {
    const made = counted(40, 2 * mebi, () => quarter)
    const head = await ask()
    const closed = once(body, 'close')
    head.destroy()
    await closed
    expect(await released).toBe(false)
    const { taken } = made
    expect(await text(await lend(head.headers[acceptHeader] as string))).toBe('')
    expect(made.taken).toBe(taken)
  })

  it('ends with a client that leaves while it is written', async () => {
    counted(400, 2 * mebi, () => quarter)
    const head = await ask()
    const client = await lend(head.headers[acceptHeader] as string)
    await once(client, 'readable')
    client.destroy()
    await expect(text(head)).rejects.toThrow('aborted')
    expect(await released).toBe(false)
    expect(body.destroyed).toBe(true)
  })
})

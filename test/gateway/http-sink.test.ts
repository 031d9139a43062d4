import { once } from 'node:events'
import { createServer } from 'node:http'
import type { ServerResponse } from 'node:http'
import { connect } from 'node:net'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Exchange } from '../../src/gateway/exchange.ts'
import { HttpSink } from '../../src/gateway/http-sink.ts'

describe("a client's connection is lent when the head has left", () => {
  const server = createServer()
  beforeEach(async () => {
    await once(server.listen(0, '127.0.0.1'), 'listening')
  })
  afterEach(() => server.close())

  /**
   * Lends the connection of a client that reads nothing yet, on which `before` bytes at a time are written until it
   * takes no more.
   */
  async function lent(before: number): Promise<string> {
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
    client.write('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n')
    const [, raw] = (await once(server, 'request')) as [unknown, ServerResponse]
    const socket = raw.socket!
    while (before > 0 && socket.writableLength === 0) socket.write('.'.repeat(before))
    const waits = socket.writableLength > 0
    const { promise, resolve } = Promise.withResolvers<void>()
    let isLent = false
    new HttpSink({ timing: {} } as FastifyRequest, { raw, getHeaders: () => ({}) } as unknown as FastifyReply).lend(
      200,
      {},
      { report: null } as Exchange,
      () => {
        isLent = true
        socket.end('lent', resolve)
      },
    )
    expect(isLent).toBe(!waits)
    const received = text(client)
    await promise
    return (await received).replace(/^\.*/, '')
  }

  it.each([
    ['at once', 0],
    ['behind a little that is still to leave', 2 ** 12],
    ['behind much', 2 ** 18],
  ])('%s', async (_, before) => {
    expect(await lent(before)).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nlent$/)
  })
})

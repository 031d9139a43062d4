import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { counted, figure, soaking } from '../support/figure.ts'
import { huge, path, tiny } from '../support/requests.ts'
import { residentBytes, RunningService, until } from '../support/running-service.ts'

let service: RunningService
beforeAll(async () => {
  service = await RunningService.start()
})
afterAll(() => service.stop())

/** Asks for health over and over until stopped; the slowest answer and the 99th percentile, milliseconds. */
function watchHealth(): () => Promise<{ max: number; p99: number; count: number }> {
  const times: number[] = []
  let going = true
  const watching = (async () => {
    while (going) {
      const { ms, status } = await service.get('/health/live')
      expect(status).toBe(200)
      times.push(ms)
      await sleep(10)
    }
  })()
  return async () => {
    going = false
    await watching
    times.sort((a, b) => a - b)
    return { max: times.at(-1)!, p99: times[Math.floor(times.length * 0.99)]!, count: times.length }
  }
}

describe('slow clients hold nothing (promise 15)', () => {
  it('sockets that stand still in their head or body are all answered 408', async () => {
    const count = soaking ? 1_000 : 200
    const stopWatching = watchHealth()
    const statuses = await Promise.all(
      Array.from({ length: count }, async (_, i) => {
        const head = `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n`
        return answerTo(i % 2 === 0 ? head : `${head}Content-Length: 1000\r\n\r\n{"model":`)
      }),
    )
    const { p99, count: asked } = await stopWatching()
    expect(statuses.filter((status) => status !== '408')).toEqual([])
    counted(15, `${count} slow sockets, all 408; health was asked ${asked} times meanwhile`)
    figure(15, 'health p99 meanwhile', p99, { below: 150, unit: ' ms' })
    await until(
      async () => (await service.metric('attention_inflight_bytes{kind="bodies"}')) === 0,
      30_000,
      'nothing is held',
    )
  })

  it('a body that trickles is taken', async () => {
    const body = JSON.stringify(tiny)
    const socket = connect(service.port, '127.0.0.1')
    const answer = statusOf(socket)
    socket.write(
      `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`,
    )
    for (let at = 0; at < body.length; at += 20) {
      socket.write(body.slice(at, at + 20))
      await sleep(100)
    }
    expect(await answer).toBe('200')
  })

  it('readers that never read leave the worker free, and are cut off', async () => {
    await service.post(path, tiny)
    const pids = [service.pid, (await service.workers())[0]!.pid]
    const before = pids.reduce((sum, pid) => sum + residentBytes(pid).now, 0)
    const count = 10
    const closed: Promise<unknown>[] = []
    const sockets = Array.from({ length: count }, () => {
      const socket = connect(service.port, '127.0.0.1')
      const body = JSON.stringify(huge)
      socket.on('error', () => {})
      socket.pause()
      closed.push(new Promise((resolve) => socket.once('close', resolve)))
      socket.write(
        `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      )
      return socket
    })
    await until(
      async () =>
        (await service.metric('attention_queue_length')) === 0 && (await service.workers())[0]!.doing === null,
      60_000,
      'all are computed',
      100,
    )
    const { ms, status } = await service.post(path, tiny)
    expect(status).toBe(200)
    figure(15, 'a small request while 10 readers do not read', ms, { below: 1_000, unit: ' ms' })
    expect(await service.metric('attention_inflight_bytes{kind="work"}')).toBeGreaterThan(0)
    const grown = pids.reduce((sum, pid) => sum + residentBytes(pid).now, 0) - before
    counted(15, `${count} answers of 100 MB held back take ${Math.round(grown / 2 ** 20)} MiB`)
    await until(
      async () => (await service.metric('attention_inflight_bytes{kind="work"}')) === 0,
      60_000,
      'they are cut off',
      500,
    )
    for (const socket of sockets) socket.resume()
    await Promise.all(closed)
  }, 150_000)
})

it('health is answered during a 100 MB body and a 100 MB answer (promise 16)', async () => {
  const stopWatching = watchHealth()
  const body = Buffer.alloc(100 * 2 ** 20, ' ')
  body.write(JSON.stringify(tiny))
  expect((await service.post(path, body)).status).toBe(200)
  const response = await fetch(`http://127.0.0.1:${service.port}${path}`, {
    method: 'POST',
    body: JSON.stringify(huge),
    headers: { 'content-type': 'application/json' },
  })
  for await (const _chunk of response.body!);
  const { max, count } = await stopWatching()
  expect(count).toBeGreaterThan(20)
  figure(16, `slowest of ${count} health answers`, max, { below: 250, unit: ' ms' })
})

function answerTo(bytes: string): Promise<string> {
  const socket = connect(service.port, '127.0.0.1')
  socket.write(bytes)
  return statusOf(socket)
}

function statusOf(socket: Socket): Promise<string> {
  let text = ''
  return new Promise((resolve) => {
    socket.setEncoding('latin1')
    socket.on('data', (chunk: string) => {
      text += chunk
      if (text.includes('\r\n\r\n')) socket.end()
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 'closed'))
  })
}

import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { path, slow, slower } from '../support/requests.ts'
import { RunningService, until } from '../support/running-service.ts'

/** Sends a request, or its beginning, and leaves without waiting for the answer. */
async function leave(port: number, body: string, sent = body.length): Promise<void> {
  const socket = connect(port, '127.0.0.1').on('error', () => {})
  await once(socket, 'connect')
  socket.write(
    `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body.slice(0, sent)}`,
  )
  await sleep(200)
  socket.destroy()
}

it.each(['1', '0'])(
  'a client that leaves before its answer is one quiet line and one count (WORKERS=%s)',
  async (WORKERS) => {
    const service = await RunningService.start({ WORKERS })
    try {
      await Promise.all([
        leave(service.port, JSON.stringify(slower)),
        leave(service.port, JSON.stringify(slow)),
        leave(service.port, JSON.stringify(slow)),
        leave(service.port, JSON.stringify(slow), 10),
      ])
      const counted = () => service.metric(`attention_http_requests_total{method="POST",route="${path}",status="499"}`)
      await until(async () => (await counted()) >= 4, 60_000, 'all have left', 100)
      expect(await counted()).toBe(4)
      await sleep(500) // a log is written some lines at a time
      const lines = service.output.split('\n').filter((line) => line.startsWith('{'))
      const left = lines.map((line) => JSON.parse(line)).filter(({ status }) => status === 499)
      expect(left).toHaveLength(4)
      for (const line of left)
        expect(line).toMatchObject({ level: 30, url: path, msg: 'the client left before the answer' })
      expect(lines.filter((line) => JSON.parse(line).level > 40)).toEqual([])
    } finally {
      await service.stop()
    }
  },
)

import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { path, slower, tiny } from '../support/requests.ts'
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

it('a client that leaves before its answer is one quiet line and one count', async () => {
  const service = await RunningService.start()
  try {
    const counted = () => service.metric(`attention_http_requests_total{method="POST",route="${path}",status="499"}`)
    const leavers = [undefined, undefined, undefined, 10]
    for (const [before, sent] of leavers.entries()) {
      await leave(service.port, JSON.stringify(slower), sent)
      await until(async () => (await counted()) === before + 1, 60_000, 'it has left', 100)
    }
    await sleep(500) // a log is written some lines at a time
    const left = linesOf(service).filter(({ status }) => status === 499)
    expect(left).toHaveLength(leavers.length)
    for (const line of left)
      expect(line).toMatchObject({ level: 30, url: path, msg: 'the client left before the answer' })
    expect(linesOf(service).filter(({ level }) => level > 40)).toEqual([])
  } finally {
    await service.stop()
  }
})

it('clients that leave a lone process leave no error in its log', async () => {
  const service = await RunningService.start({ WORKERS: '0' })
  try {
    await Promise.all(Array.from({ length: 4 }, () => leave(service.port, JSON.stringify(slower))))
    await service.post(path, tiny)
    await sleep(500)
    expect(linesOf(service).filter(({ level }) => level > 40)).toEqual([])
  } finally {
    await service.stop()
  }
})

function linesOf(service: RunningService): { level: number; status?: number }[] {
  return service.output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line))
}

import { afterAll, beforeAll, expect, it } from 'vitest'
import { counted, soaking } from '../support/figure.ts'
import { randomFrom } from '../support/random.ts'
import { RunningService } from '../support/running-service.ts'

let service: RunningService
beforeAll(async () => {
  service = await RunningService.start()
})
afterAll(() => service.stop())

it('float32 bit patterns come back as they went, through gateway and worker (promise 18)', async () => {
  const total = soaking ? 2_000_000 : 200_000
  const perRequest = 50_000
  const random = randomFrom(18)
  let compared = 0
  while (compared < total) {
    const sent = new Float32Array(perRequest)
    const bits = new Uint32Array(sent.buffer)
    for (let i = 0; i < perRequest; i++) {
      do bits[i] = Math.floor(random() * 2 ** 32)
      while (!Number.isFinite(sent[i]))
    }
    for (const format of ['flat', 'base64']) {
      // The weights are zero, so whatever the input is, nothing overflows.
      const answer = await service.post('/attention/causal', {
        model: {
          d_in: perRequest,
          d_out: 1,
          parameters: Object.fromEntries(
            ['query', 'key', 'value'].map((name) => [
              `W_${name}.weight`,
              { shape: [1, perRequest], base64: Buffer.alloc(4 * perRequest).toString('base64') },
            ]),
          ),
        },
        input:
          format === 'base64'
            ? { shape: [1, 1, perRequest], base64: Buffer.from(sent.buffer).toString('base64') }
            : { shape: [1, 1, perRequest], data: [...sent] },
        return: ['input'],
        tensor_format: format,
      })
      expect(answer.status, answer.text.slice(0, 300)).toBe(200)
      if (format === 'flat') expect(answer.text).not.toMatch(/NaN|Infinity/)
      const { values } = answer.json().input
      const back =
        format === 'base64'
          ? new Float32Array(new Uint8Array(Buffer.from(values.base64, 'base64')).buffer)
          : Float32Array.from(values.data as number[])
      expect(back.length).toBe(perRequest)
      expect(Buffer.from(back.buffer).equals(Buffer.from(sent.buffer)), format).toBe(true)
    }
    compared += perRequest
  }
  counted(18, `${compared} random bit patterns came back exactly, as text and as base64`)
}, 300_000)

import Fastify from 'fastify'
import { describe, expect, it } from 'vitest'
import { DeviceFailed, engineFailure } from '../../src/engines/failure.ts'
import { answerErrors } from '../../src/http/plugins/errors.ts'
import { endWithDevice } from '../../src/http/plugins/end-with-device.ts'

describe('a failed run', () => {
  it('is a failed device on a GPU only', () => {
    const cause = new Error('CUDA_ERROR_ILLEGAL_ADDRESS')
    expect(engineFailure('tensorflow', 'gpu', cause)).toBeInstanceOf(DeviceFailed)
    expect(engineFailure('tensorflow', 'cpu', cause)).not.toBeInstanceOf(DeviceFailed)
    for (const device of ['gpu', 'cpu'] as const)
      expect(engineFailure('tensorflow', device, cause)).toMatchObject({ code: 'engine-failed', status: 500, cause })
  })

  it.each([
    ['gpu', 1],
    ['cpu', 0],
  ] as const)('on the %s answers without its innards, and ends the process %i times', async (device, times) => {
    const app = Fastify()
    let ends = 0
    answerErrors(app)
    await endWithDevice(() => {
      ends++
    })(app)
    app.get('/', async () => {
      throw engineFailure('tensorflow', device, new Error('CUDA_ERROR_ILLEGAL_ADDRESS'))
    })
    const url = await app.listen({ port: 0, host: '127.0.0.1' })
    const answer = await fetch(url) // the connection is kept: the answer's end is what counts
    const body = await answer.text()
    expect(answer.status).toBe(500)
    expect(JSON.parse(body)).toMatchObject({ code: 'engine-failed' })
    expect(body).not.toContain('CUDA_ERROR')
    await app.close()
    expect(ends).toBe(times)
  })
})

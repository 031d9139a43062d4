import { truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { ModelsFolder } from '../../models/folder.ts'
import { startService } from '../../support/service.ts'

it('a broken model is 409 with the reason wherever it is computed with; a whole one beside it is loaded once', async () => {
  await using folder = await ModelsFolder.make()
  await truncate(join(await folder.add('broken'), 'model.safetensors'), 1000)
  await folder.add('org/whole')
  const service = await startService({ MODELS_DIR: folder.root, DATA_DIR: folder.data })
  const post = (id: string, what: string, payload: object) =>
    service.app.inject({ method: 'POST', url: `/models/${id}/${what}`, payload })
  try {
    const { state, reason } = (await service.app.inject({ url: '/models/broken' })).json()
    expect(state).toBe('unsupported')
    for (const [what, body] of [
      ['attention', { token_ids: [1, 2] }],
      ['probe', {}],
    ] as const) {
      const answer = await post('broken', what, body)
      expect(answer.statusCode).toBe(409)
      expect(answer.json().code).toBe('model-unsupported')
      expect(answer.json().detail).toContain(reason)
    }
    const [one, other] = await Promise.all([1, 2].map(() => post('org/whole', 'attention', { token_ids: [1, 2, 3] })))
    expect([one!.statusCode, other!.statusCode]).toEqual([200, 200])
    expect(one!.json().layers).toEqual(other!.json().layers)
    for (const id of ['..', '../org', '..%2Fdata', 'org%2F..%2Fbroken'])
      expect((await post(id, 'attention', { token_ids: [1] })).statusCode, id).toBe(404)
  } finally {
    await service.close()
  }
})

import { parentPort } from 'node:worker_threads'
import type { EngineIdentity } from '../engines/engine.ts'
import { planOf } from '../experiments/index.ts'
import type { UnitRow } from '../experiments/plan.ts'
import { encodeExperiment } from '../http/experiments/forms.ts'
import type { ExperimentForm } from '../http/experiments/forms.ts'
import type { ExperimentBody } from '../http/experiments/bodies.ts'
import { readExperimentRequest } from '../http/experiments/index.ts'
import type { Rendered, RenderOrder } from '../jobs/render.ts'

/** One chunk's answer, as a worker gives it. */
interface ChunkAnswer {
  readonly engine: EngineIdentity
  readonly rows: readonly UnitRow[]
}

/** An experiment's answer, whole, as the synchronous call would have made it from the same rows. */
async function render({ kind, request, answers, form }: RenderOrder): Promise<Buffer> {
  const { config, returns } = readExperimentRequest(kind, JSON.parse(request) as ExperimentBody)
  const rows: UnitRow[] = []
  let engine: EngineIdentity | undefined
  for (const text of answers) {
    const answer = JSON.parse(text) as ChunkAnswer
    engine ??= answer.engine
    for (const row of answer.rows) rows.push(row)
  }
  const encoded = await encodeExperiment(planOf(config), rows, engine!, form as ExperimentForm, returns)
  if (Buffer.isBuffer(encoded)) return encoded
  return Buffer.concat((await encoded.toArray()) as Buffer[])
}

let last: Promise<unknown> = Promise.resolve()
parentPort!.on('message', (order: RenderOrder) => {
  last = last
    .then(() => render(order))
    .then(
      (bytes) => parentPort!.postMessage({ id: order.id, bytes } satisfies Rendered),
      (error: Error) =>
        parentPort!.postMessage({ id: order.id, error: error.stack ?? error.message } satisfies Rendered),
    )
})

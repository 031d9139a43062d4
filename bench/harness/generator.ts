import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { LoadOrder, LoadReport } from './load.ts'

/** The load generator's process, seen from here. */
export class Generator {
  readonly #child: ChildProcess = fork(fileURLToPath(new URL('./load.ts', import.meta.url)))

  async run(order: LoadOrder): Promise<LoadReport> {
    this.#child.send(order)
    const [answer] = (await once(this.#child, 'message')) as [{ report?: LoadReport; error?: string }]
    if (answer.report === undefined) throw new Error(answer.error)
    return answer.report
  }

  close(): void {
    this.#child.disconnect()
  }
}

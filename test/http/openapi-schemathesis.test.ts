import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { absent } from '../support/skip.ts'

const root = join(import.meta.dirname, '../..')
const READY_WITHIN_MS = 30_000
const STOP_WITHIN_MS = 60_000
const RUN_WITHIN_MS = 400_000

/** SCHEMATHESIS names the command; else it is looked for in .venv and on PATH. */
function findSchemathesis(): string | undefined {
  const folders = [join(root, '.venv/bin'), ...(process.env['PATH'] ?? '').split(delimiter)]
  const candidates = [process.env['SCHEMATHESIS'] ?? '', ...folders.map((folder) => join(folder, 'schemathesis'))]
  return candidates
    .filter((path) => path !== '')
    .find((path) => {
      try {
        accessSync(path, constants.X_OK)
        return true
      } catch {
        return false
      }
    })
}

const schemathesis = findSchemathesis()

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

describe.skipIf(absent(schemathesis === undefined, 'schemathesis (pip install -r test/requirements.txt)'))(
  'the service, judged by its openapi.json',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'schemathesis-'))
    let address: string
    let service: ReturnType<typeof spawn>

    beforeAll(async () => {
      const port = await freePort()
      address = `http://127.0.0.1:${port}`
      // Little memory, so that the largest of the valid requests are refused, not computed.
      const env = {
        ...process.env,
        PORT: String(port),
        DATA_DIR: join(folder, 'data'),
        LOG_LEVEL: 'fatal',
        MEMORY_LIMIT: '256',
      }
      service = spawn(process.execPath, ['src/main.ts'], { cwd: root, env, stdio: ['ignore', 'inherit', 'inherit'] })
      const giveUp = Date.now() + READY_WITHIN_MS
      while (Date.now() < giveUp) {
        if ((await fetch(`${address}/health/ready`).catch(() => undefined))?.status === 200) return
        await sleep(100)
      }
      throw new Error('the service did not get ready')
    }, READY_WITHIN_MS + 5_000)

    afterAll(async () => {
      const exited = once(service, 'exit')
      service.kill('SIGTERM')
      await exited
      rmSync(folder, { recursive: true, force: true })
    }, STOP_WITHIN_MS)

    // A JSON Schema cannot say that num_heads divides d_out, so some data that it calls valid is refused:
    // positive_data_acceptance is the one check left out.
    it(
      'answers valid and invalid data as documented, in every phase',
      async () => {
        const args = [
          'run',
          `${address}/openapi.json`,
          '--exclude-checks',
          'positive_data_acceptance',
          // A model's name may have a slash, so that these two are also the address of a model called probe or tokenize,
          // and Allow names what that address takes.
          '--exclude-path-regex',
          '^/models/.*/(probe|tokenize)$',
          '--mode',
          'all',
          '--max-examples',
          '30',
          '--seed',
          '1',
          '--generation-database',
          'none',
          '--request-timeout',
          '60',
          '--continue-on-failure',
          '--no-color',
          '--warnings',
          'off',
        ]
        const { stdout, code } = await promisify(execFile)(schemathesis!, args, {
          cwd: folder,
          timeout: RUN_WITHIN_MS,
          maxBuffer: 64 * 2 ** 20,
        }).then(
          ({ stdout }) => ({ stdout, code: 0 }),
          (error: { stdout?: string; code?: unknown }) => ({ stdout: error.stdout ?? '', code: error.code }),
        )
        expect(code, stdout).toBe(0)
        expect(stdout).toMatch(/Tested: [1-9]/)
        const health = await fetch(`${address}/health/ready`)
        expect(health.status).toBe(200)
      },
      RUN_WITHIN_MS + 10_000,
    )
  },
)

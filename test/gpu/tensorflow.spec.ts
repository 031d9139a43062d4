import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { onGpu, whySkip } from './on-gpu.ts'

const root = join(import.meta.dirname, '..', '..')
const installed = existsSync(join(root, 'node_modules/@tensorflow/tfjs-node-gpu/deps/nvidia'))
const reason = whySkip(installed, 'npm run install:tensorflow -- --cuda')
if (reason !== undefined) console.warn(`SKIPPED: TensorFlow on a GPU: ${reason}.`)

describe.skipIf(reason !== undefined)('TensorFlow on the GPU', () => {
  onGpu('tensorflow')

  describe('as a service', () => {
    const children: ChildProcess[] = []
    const folder = mkdtempSync(join(tmpdir(), 'gpu-test-'))
    afterEach(() => {
      for (const child of children.splice(0)) child.kill('SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    })

    const start = (file: string, environment: Record<string, string> = {}): ChildProcess => {
      const child = spawn(process.execPath, [join(root, file)], {
        cwd: root,
        env: { ...process.env, ...environment },
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      children.push(child)
      return child
    }
    const says = (child: ChildProcess, word: string): Promise<void> =>
      new Promise((resolve, reject) => {
        child.stdout!.on('data', (chunk: Buffer) => {
          if (chunk.toString().includes(word)) resolve()
        })
        child.once('exit', (code) => reject(new Error(`it ended with ${code} before it said ${word}`)))
      })
    const freePort = (): Promise<number> =>
      new Promise((resolve) => {
        const server = createServer().listen(0, '127.0.0.1', () => {
          const { port } = server.address() as AddressInfo
          server.close(() => resolve(port))
        })
      })
    const ready = async (url: string): Promise<void> => {
      for (
        const end = Date.now() + 240_000;
        Date.now() < end;
        await new Promise((resolve) => setTimeout(resolve, 300))
      ) {
        if (
          await fetch(`${url}/health/ready`).then(
            (answer) => answer.ok,
            () => false,
          )
        )
          return
      }
      throw new Error('it did not become ready')
    }
    const ask = (url: string, seqLen: number): Promise<Response> =>
      fetch(`${url}/attention/multi-head`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          model: { d_in: 768, d_out: 768, num_heads: 12 },
          input: { randn: [1, seqLen, 768] },
          return: ['summary'],
        }),
      })

    it('answers engine-failed when the GPU is out of memory, starts its worker anew and answers again', async () => {
      const port = await freePort()
      const url = `http://127.0.0.1:${port}`
      start('src/main.ts', {
        PORT: String(port),
        ENGINE: 'tensorflow',
        DEVICE: 'gpu',
        WORKERS: '1',
        DATA_DIR: folder,
        LOG_LEVEL: 'warn',
      })
      await ready(url)
      expect((await ask(url, 64)).status).toBe(200)

      const hog = start('test/gpu/fill-memory.ts')
      await says(hog, 'full')
      const failed = await ask(url, 4096)
      expect(failed.status).toBe(500)
      expect(((await failed.json()) as { code: string }).code).toBe('engine-failed')

      hog.kill('SIGKILL')
      await new Promise((resolve) => hog.once('exit', resolve))
      await ready(url)
      const again = await ask(url, 4096)
      expect(again.status).toBe(200)
      expect(((await again.json()) as { engine: unknown }).engine).toMatchObject({ name: 'tensorflow', device: 'gpu' })
    })
  })
})

import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { baseImage, build, inspect, mount, root, run, whyNoImages } from './buildah.ts'
import type { ImageConfig } from './buildah.ts'
import { Container } from './container.ts'

const reason = whyNoImages()
if (reason !== undefined) console.warn(`SKIPPED: building and running the images: ${reason}.`)

const request = { model: { d_in: 6, d_out: 4, num_heads: 2 }, input: { randn: [5, 6, 6] } }
interface Answer {
  weights: number[][][][]
  engine: { name: string; device: string }
}

const startCommand = (
  JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: { start: string } }
).scripts.start.split(' ')

/** Programs that build things; an image that serves needs none. */
const buildTools = ['gcc', 'g++', 'cc', 'make', 'python3', 'pip', 'pip3', 'unzip', 'git']
const folders = ['bin', 'usr/bin', 'usr/local/bin', 'usr/sbin', 'sbin']

describe.skipIf(reason !== undefined)('the images', () => {
  let base: string
  beforeAll(() => {
    base = baseImage()
  })

  describe.each(['cpu', 'gpu'] as const)('%s', (target) => {
    let image: string
    let config: ImageConfig
    let files: ReturnType<typeof mount>
    let container: Container | undefined
    const start = async (environment: Record<string, string> = {}): Promise<Container> =>
      (container = await Container.start(files.path, config, environment))

    beforeAll(() => {
      // With the 1.9 GB of NVIDIA's wheels only where asked for.
      image = build(target, base, { CUDA: process.env.TEST_IMAGE_CUDA ?? 'false', VERSION: 'test', REVISION: 'test' })
      config = inspect(image)
      files = mount(image)
      const [bytes, kilobytes] = [run('du', ['-sb', files.path]), run('du', ['-sk', join(files.path, 'app')])].map(
        (text) => Number.parseInt(text),
      )
      console.log(
        `${target}: ${(bytes! / 1e6).toFixed(0)} MB of files on this base, ${((kilobytes! * 1024) / 1e6).toFixed(0)} MB of them the service's own`,
      )
    })
    afterEach(async () => {
      await container?.stop('SIGKILL')
      container = undefined
    })
    afterAll(() => files.unmount())

    it('says what it is and how to run it', () => {
      expect(config.User).toMatch(/^[1-9]\d*:[1-9]\d*$/)
      expect(config.Cmd).toEqual(startCommand) // started as `npm start` starts it
      expect(config.Volumes).toHaveProperty('/data')
      expect(config.ExposedPorts).toHaveProperty('8080/tcp')
      expect(config.StopSignal).toBe('SIGTERM')
      expect(config.Healthcheck.Test[0]).toBe('CMD')
      expect(config.Labels).toMatchObject({
        'org.opencontainers.image.title': 'attention-service',
        'org.opencontainers.image.version': 'test',
      })
      expect(config.Env.includes('NVIDIA_VISIBLE_DEVICES=all')).toBe(target === 'gpu')
    })

    it('holds no build tools, no development dependencies and no tests', () => {
      const found = buildTools.filter((name) => folders.some((folder) => existsSync(join(files.path, folder, name))))
      expect(found).toEqual([])
      const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
        packages: Record<string, { dev?: boolean }>
      }
      expect(
        Object.keys(packages).filter(
          (path) => packages[path]!.dev === true && existsSync(join(files.path, 'app', path)),
        ),
      ).toEqual([])
      expect(readdirSync(join(files.path, 'app')).sort()).toEqual([
        'LICENSE',
        'build',
        'node_modules',
        'openapi.yaml',
        'package.json',
        'src',
      ])
    })

    it('serves without root, on a read-only file system, and stops as PID 1 on SIGTERM', async () => {
      const running = await start()
      expect((await running.waitForReady(200)).status).toBe('ready')
      expect(readFileSync(`/proc/${running.pid}/status`, 'utf8')).toMatch(/^Uid:\s+10001\s/m)
      expect(running.exec('touch', '/app/x')).not.toBe(0)
      expect(running.exec('touch', '/data/x')).toBe(0)

      const answer = await fetch(`${running.url}/attention/multi-head`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(request),
      })
      expect(answer.status).toBe(200)
      const { weights, engine } = (await answer.json()) as Answer
      expect(engine.device).toBe('cpu')
      expect(weights[0]![0]![0]).toEqual([1, 0, 0, 0, 0, 0])
      for (const path of ['/', '/openapi.yaml', '/engines', '/health/live'])
        expect((await fetch(running.url + path)).status, path).toBe(200)

      expect(running.exec(...config.Healthcheck.Test.slice(1))).toBe(0)
      expect(await running.stop()).toBe(0)
    })

    it('is not ready when a GPU is demanded and none is there, and says why', async () => {
      const running = await start({ ENGINE: 'tensorflow', DEVICE: 'gpu' })
      const { status, reason: why } = await running.waitForReady(503)
      expect(status).toBe('failed')
      expect(why).toMatch(target === 'gpu' ? /GPU/ : /install:tensorflow/)
      expect(running.exec(...config.Healthcheck.Test.slice(1))).toBe(1)
    })

    it.runIf(target === 'gpu')('computes with TensorFlow on the CPU where no GPU is', async () => {
      const running = await start({ ENGINE: 'tensorflow' })
      await running.waitForReady(200)
      const answer = await fetch(`${running.url}/attention/multi-head`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(request),
      })
      expect(((await answer.json()) as Answer).engine).toMatchObject({ name: 'tensorflow', device: 'cpu' })
    })
  })
})

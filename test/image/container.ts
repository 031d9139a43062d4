import { spawn, spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { chownSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ImageConfig } from './buildah.ts'

/** A port that is free now. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
      .once('error', reject)
      .listen(0, '127.0.0.1', () => {
        const { port } = server.address() as AddressInfo
        server.close(() => resolve(port))
      })
  })
}

/**
 * An image's process as a container runtime starts it with --read-only --tmpfs /tmp and a volume on /data: its own
 * mount and process namespaces, the root file system read-only, the image's user, environment and command, PID 1.
 */
export class Container {
  readonly url: string
  readonly #unshare: ChildProcess
  readonly #config: ImageConfig
  readonly #folder: string
  readonly #environment: Readonly<Record<string, string>>
  #output = ''
  readonly #ended: Promise<number | null>

  static async start(
    rootfs: string,
    config: ImageConfig,
    environment: Readonly<Record<string, string>> = {},
  ): Promise<Container> {
    return new Container(rootfs, config, { ...environment, PORT: String(await freePort()) })
  }

  private constructor(rootfs: string, config: ImageConfig, environment: Readonly<Record<string, string>>) {
    this.#config = config
    this.#environment = {
      ...Object.fromEntries(config.Env.map((entry) => entry.split(/=(.*)/s).slice(0, 2) as [string, string])),
      ...environment,
    }
    this.url = `http://127.0.0.1:${environment.PORT}`
    this.#folder = mkdtempSync(join(tmpdir(), 'container-'))
    const [uid, gid] = config.User.split(':').map(Number)
    const script = `
      set -e
      mkdir "$1/root" "$1/data"; chown ${uid}:${gid} "$1/data"
      mount --bind "$2" "$1/root"
      mount -o remount,bind,ro "$1/root"
      mount --bind "$1/data" "$1/root/data"
      mount -t proc proc "$1/root/proc"
      mount --rbind /dev "$1/root/dev"
      mount -t tmpfs tmpfs "$1/root/tmp"
      folder=$1; shift 2
      exec chroot --userspec=${config.User} "$folder/root" sh -c 'cd "$0"; exec "$@"' ${config.WorkingDir} "$@"`
    this.#unshare = spawn(
      'unshare',
      ['--mount', '--pid', '--fork', '--kill-child', 'sh', '-c', script, 'sh', this.#folder, rootfs, ...config.Cmd],
      { env: this.#environment, stdio: ['ignore', 'pipe', 'pipe'] },
    )
    for (const stream of [this.#unshare.stdout, this.#unshare.stderr])
      stream?.on('data', (chunk: Buffer) => {
        this.#output += chunk.toString()
      })
    this.#ended = new Promise((resolve) => this.#unshare.once('exit', resolve))
    chownSync(this.#folder, uid!, gid!)
  }

  /** What it printed so far. */
  get output(): string {
    return this.#output
  }

  /** The container's first process, by its number outside. */
  get pid(): number {
    const pid = this.#unshare.pid!
    return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim())
  }

  /** Asks until /health/ready has the given status. */
  async waitForReady(status: number, seconds = 60): Promise<{ status: string; reason?: string }> {
    let seen = 'no answer'
    for (
      const end = Date.now() + seconds * 1000;
      Date.now() < end;
      await new Promise((resolve) => setTimeout(resolve, 200))
    ) {
      try {
        const answer = await fetch(`${this.url}/health/ready`)
        const body = (await answer.json()) as { status: string; reason?: string }
        if (answer.status === status && body.status !== 'starting') return body
        seen = `${answer.status} ${JSON.stringify(body)}`
      } catch {
        if (this.#unshare.exitCode !== null)
          throw new Error(`it ended with ${this.#unshare.exitCode}:\n${this.#output}`)
      }
    }
    throw new Error(`/health/ready was not ${status} after ${seconds} s but ${seen}:\n${this.#output}`)
  }

  /** Runs a command inside, as the image's user. @returns its exit status */
  exec(...command: string[]): number | null {
    const [uid, gid] = this.#config.User.split(':')
    return spawnSync(
      'nsenter',
      ['--target', String(this.pid), '--mount', '--pid', '--root', `--setuid=${uid}`, `--setgid=${gid}`, ...command],
      { env: this.#environment },
    ).status
  }

  /** Sends a signal to the first process. @returns its exit status */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    if (this.#unshare.exitCode === null) process.kill(this.pid, signal)
    const status = await this.#ended
    rmSync(this.#folder, { recursive: true, force: true })
    return status
  }
}

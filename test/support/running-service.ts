import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Agent, request } from 'undici'
import type { Dispatcher } from 'undici'

const root = fileURLToPath(new URL('../..', import.meta.url))
const mainFile = join(root, 'src/main.ts')
const readyWithinMs = 60_000

export interface Answer {
  readonly status: number
  readonly headers: Record<string, string | string[] | undefined>
  readonly text: string
  /** From sending to the last byte. */
  readonly ms: number
  json(): any // eslint-disable-line @typescript-eslint/no-explicit-any
}

export interface WorkerSeen {
  readonly id: number
  readonly pid: number
  readonly state: string
  readonly restarts: number
  readonly doing: string | null
  readonly reason?: string
}

/** The service in processes of its own, as `npm start` runs it, on a free port of the loopback. */
export class RunningService {
  readonly port: number
  readonly child: ChildProcess
  readonly agent = new Agent({ connections: null, pipelining: 1, headersTimeout: 0, bodyTimeout: 0 })
  readonly #folder: string
  #output = ''

  private constructor(port: number, child: ChildProcess, folder: string) {
    this.port = port
    this.child = child
    this.#folder = folder
    for (const stream of [child.stdout!, child.stderr!])
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text
      })
  }

  static async start(
    environment: Readonly<Record<string, string>> = {},
    { untilReady = true, byNpm = false } = {},
  ): Promise<RunningService> {
    const port = await freePort()
    const folder = mkdtempSync(join(tmpdir(), 'attention-test-'))
    const [command, args] = byNpm ? ['npm', ['start', '--silent']] : [process.execPath, [mainFile]]
    const child = spawn(command, args, {
      cwd: root,
      detached: byNpm, // a process group of its own, as a terminal gives it
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, PORT: String(port), WORKERS: '1', DATA_DIR: folder, LOG_LEVEL: 'info', ...environment },
    })
    const service = new RunningService(port, child, folder)
    const giveUp = Date.now() + readyWithinMs
    for (;;) {
      const status = await service.get(untilReady ? '/health/ready' : '/health/live').then(
        (answer) => answer.status,
        () => 0,
      )
      if (status === 200) return service
      if (child.exitCode !== null || Date.now() > giveUp)
        throw new Error(`the service did not start: ${service.output}`)
      await sleep(30)
    }
  }

  get pid(): number {
    return this.child.pid!
  }

  get output(): string {
    return this.#output
  }

  /** Lines of the log that are JSON and match. */
  logged(matches: (line: Record<string, unknown>) => boolean): Record<string, unknown>[] {
    return this.#output
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter(matches)
  }

  async send(
    path: string,
    options: { method?: string; body?: string | Buffer; headers?: Record<string, string>; signal?: AbortSignal } = {},
  ): Promise<Answer> {
    const started = performance.now()
    const { statusCode, headers, body } = await request(`http://127.0.0.1:${this.port}${path}`, {
      dispatcher: this.agent,
      ...options,
      method: (options.method ?? 'GET') as Dispatcher.HttpMethod,
    })
    const text = await body.text()
    return { status: statusCode, headers, text, ms: performance.now() - started, json: () => JSON.parse(text) }
  }

  get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    return this.send(path, { headers })
  }

  post(path: string, body: unknown, headers: Record<string, string> = {}, signal?: AbortSignal): Promise<Answer> {
    return this.send(path, {
      method: 'POST',
      body: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
      headers: { 'content-type': 'application/json', ...headers },
      ...(signal ? { signal } : {}),
    })
  }

  async workers(headers: Record<string, string> = {}): Promise<WorkerSeen[]> {
    return (await this.get('/engines', headers)).json().workers
  }

  /** The value of one line of /metrics, by its name and labels as they are printed there. */
  async metric(name: string): Promise<number> {
    const line = (await this.get('/metrics')).text.split('\n').find((line) => line.startsWith(`${name} `))
    return line === undefined ? 0 : Number(line.split(' ').at(-1))
  }

  /** Sends SIGTERM and waits for the end; the exit code. */
  async stop(): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const exited = once(this.child, 'exit')
      this.child.kill('SIGTERM')
      const killing = setTimeout(() => this.child.kill('SIGKILL'), 20_000)
      await exited
      clearTimeout(killing)
    }
    await this.agent.destroy()
    rmSync(this.#folder, { recursive: true, force: true })
    return this.child.exitCode
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

/** Waits until `holds`, at most `withinMs`; milliseconds that it took. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  withinMs: number,
  what: string,
  everyMs = 10,
): Promise<number> {
  const started = performance.now()
  while (!(await holds())) {
    if (performance.now() - started > withinMs) throw new Error(`not within ${withinMs} ms: ${what}`)
    await sleep(everyMs)
  }
  return performance.now() - started
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

/** Resident bytes of a process, now and at its highest. */
export function residentBytes(pid: number): { now: number; peak: number } {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8')
  const read = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(text)?.[1] ?? 0) * 1024
  return { now: read('VmRSS'), peak: read('VmHWM') }
}

/** Forgets the highest resident memory of a process so far. */
export function forgetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5')
}

/** The median of some numbers. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!
}

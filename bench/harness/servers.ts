import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const READY_WITHIN_MS = 60_000
const STOP_WITHIN_MS = 10_000

/** The peer's Python, made by `npm run bench:setup`; BENCH_PYTHON names another. */
export function python(): string {
  const path = process.env['BENCH_PYTHON'] ?? join(ROOT, '.venv/bin/python')
  if (!existsSync(path)) throw new Error(`no ${path}: run \`npm run bench:setup\` first`)
  return path
}

export interface Server {
  readonly name: string
  readonly port: number
  readonly pid: number
  stop(): Promise<void>
}

/** Each server leads a process group, so that nothing it started is left, whatever happens here. */
const groups = new Set<number>()
function signalGroup(leader: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-leader, signal)
  } catch {
    /* has ended */
  }
}
process.on('exit', () => {
  for (const leader of groups) signalGroup(leader, 'SIGKILL')
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1))

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

async function started(
  name: string,
  port: number,
  child: ChildProcess,
  cleanUp: () => void = () => {},
): Promise<Server> {
  groups.add(child.pid!)
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
  })
  const server = {
    name,
    port,
    pid: child.pid!,
    async stop() {
      signalGroup(child.pid!, 'SIGTERM')
      await Promise.race([ended, sleep(STOP_WITHIN_MS)])
      signalGroup(child.pid!, 'SIGKILL')
      groups.delete(child.pid!)
      cleanUp()
    },
  }
  const give = Date.now() + READY_WITHIN_MS
  while (Date.now() < give && child.exitCode === null) {
    const response = await fetch(`http://127.0.0.1:${port}/health/ready`).catch(() => undefined)
    await response?.body?.cancel()
    if (response?.status === 200) return server
    await sleep(50)
  }
  await server.stop()
  throw new Error(`${name} did not get ready`)
}

/**
 * The service as shipped: `npm start` with its defaults, but for a free port, a folder of its own and what `env` says.
 */
export async function startService(env: Readonly<Record<string, string>> = {}): Promise<Server> {
  const port = await freePort()
  const data = mkdtempSync(join(tmpdir(), 'bench-'))
  const child = spawn('npm', ['start'], {
    cwd: ROOT,
    detached: true,
    stdio: 'ignore',
    env: { ...process.env, PORT: String(port), DATA_DIR: data, ...env },
  })
  return started('service', port, child, () => rmSync(data, { recursive: true, force: true }))
}

/** The peer: one uvicorn process; torch takes a thread a core. */
export async function startPeer(): Promise<Server> {
  const port = await freePort()
  const args = [
    '-m',
    'uvicorn',
    'server:app',
    '--app-dir',
    join(ROOT, 'bench/peer'),
    '--port',
    String(port),
    '--loop',
    'uvloop',
    '--http',
    'httptools',
    '--no-access-log',
    '--log-level',
    'warning',
  ]
  const child = spawn(python(), args, { detached: true, stdio: ['ignore', 'inherit', 'inherit'] })
  return started('peer', port, child)
}

import { spawn, spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { family } from './job-client.ts'
import { freePort, until } from './running-service.ts'

const user = 'attention'

/** Where PostgreSQL's programs are, or null. Debian keeps them out of the PATH. */
export function postgresPrograms(): string | null {
  const debian = '/usr/lib/postgresql'
  const versions = existsSync(debian)
    ? readdirSync(debian)
        .sort((a, b) => Number(b) - Number(a))
        .map((version) => join(debian, version, 'bin'))
    : []
  return (
    [...versions, ...(process.env.PATH ?? '').split(':')].find(
      (folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres')),
    ) ?? null
  )
}

/** A PostgreSQL of its own in a temporary folder, on a free port of the loopback; it refuses to run as root. */
export class TestPostgres {
  readonly url: string
  readonly port: number
  readonly #child: ChildProcess
  readonly #folder: string
  readonly #programs: string

  private constructor(port: number, child: ChildProcess, folder: string, programs: string) {
    this.port = port
    this.url = `postgres://${user}@127.0.0.1:${port}/postgres`
    this.#child = child
    this.#folder = folder
    this.#programs = programs
  }

  static async start(programs: string): Promise<TestPostgres> {
    const folder = mkdtempSync(join(tmpdir(), 'attention-postgres-'))
    const data = join(folder, 'data')
    const root = userInfo().uid === 0
    const as = (program: string, args: string[]): [string, string[]] =>
      root
        ? ['setpriv', ['--reuid=postgres', '--regid=postgres', '--clear-groups', join(programs, program), ...args]]
        : [join(programs, program), args]
    if (root) {
      chmodSync(folder, 0o755)
      run('chown', ['postgres:postgres', folder])
    }
    run(...as('initdb', ['-D', data, '-U', user, '-A', 'trust', '--no-sync', '-E', 'UTF8', '--locale=C']))
    const port = await freePort()
    const child = spawn(
      ...as('postgres', [
        '-D',
        data,
        '-p',
        String(port),
        '-c',
        'listen_addresses=127.0.0.1',
        '-k',
        folder,
        '-c',
        'fsync=off',
      ]),
      { stdio: 'ignore' },
    )
    await until(() => answers(port), 30_000, 'PostgreSQL answers')
    return new TestPostgres(port, child, folder, programs)
  }

  /** Has its own program run a statement. */
  query(statement: string): void {
    run(join(this.#programs, 'psql'), [this.url, '--quiet', '--command', statement])
  }

  /** Stops it in the middle of everything (SIGSTOP): connections stay open, and nothing answers. */
  pause(): void {
    for (const pid of family(this.#child.pid!)) process.kill(pid, 'SIGSTOP')
  }

  resume(): void {
    for (const pid of family(this.#child.pid!)) process.kill(pid, 'SIGCONT')
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode === null) {
      this.#child.kill('SIGQUIT') // at once; nothing of it is needed any more
      await once(this.#child, 'exit')
    }
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

function run(program: string, args: string[]): void {
  const { status, stderr, error } = spawnSync(program, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${program}: ${error?.message ?? stderr}`)
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket
      .once('connect', () => resolve(true))
      .once('error', () => resolve(false))
      .once('close', () => socket.destroy())
    socket.once('connect', () => socket.end())
  })
}

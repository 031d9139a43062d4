import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { describe, expect, it } from 'vitest'
import { freePort, until } from '../support/running-service.ts'
import { absent } from '../support/skip.ts'

/** util-linux's `script` gives a process a terminal. */
const scriptIsHere = spawnSync('script', ['--version']).status === 0

describe.skipIf(absent(!scriptIsHere, 'the program `script`'))('the start on a terminal', () => {
  it.each(['2', '0'])('ends with the dashboard’s address, WORKERS=%s', { timeout: 90_000 }, async (workers) => {
    const port = await freePort()
    const folder = mkdtempSync(join(tmpdir(), 'attention-test-'))
    const terminal = spawn('script', ['-qefc', `exec ${process.execPath} src/main.ts`, '/dev/null'], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, PORT: String(port), DATA_DIR: folder, WORKERS: workers },
    })
    let shown = ''
    terminal.stdout.setEncoding('utf8').on('data', (text: string) => {
      shown += stripVTControlCharacters(text)
    })
    try {
      const address = `http://127.0.0.1:${port}`
      await until(() => shown.includes('Dashboard:') || shown.includes('API:'), 60_000, 'it has started')
      const ready = async (): Promise<boolean> => {
        const { workers } = (await (await fetch(`${address}/engines`)).json()) as { workers: { state: string }[] }
        return workers.every(({ state }) => state === 'ready')
      }
      await until(ready, 60_000, 'all workers are ready')
      const lines = shown
        .trim()
        .split(/\r?\n/)
        .filter((line) => !line.includes('INFO: answered')) // to this test
      expect(lines.at(-1)).toMatch(new RegExp(`(Dashboard: ${address}/|API: ${address}/docs .*)$`))
      expect(shown).not.toMatch(/\.sock/)
      expect(lines.length).toBeLessThanOrEqual(3)
    } finally {
      terminal.stdin.write('\x03') // Ctrl-C
      if (terminal.exitCode === null) await once(terminal, 'exit')
      rmSync(folder, { recursive: true, force: true })
    }
    expect(terminal.exitCode).toBe(0)
  })
})

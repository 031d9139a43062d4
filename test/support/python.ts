import { spawnSync } from 'node:child_process'

const candidates = [
  process.env.PYTHON,
  new URL('../../.venv/bin/python', import.meta.url).pathname,
  'python3',
  'python',
].filter((name) => name !== undefined)

/** A Python that has these modules, or null. CI installs one; elsewhere tests that need it skip aloud. */
export function pythonWith(...modules: string[]): string | null {
  for (const python of candidates) {
    if (spawnSync(python, ['-c', modules.map((module) => `import ${module}`).join('\n')]).status === 0) return python
  }
  return null
}

/** Runs a script, which reads standard input; throws what it prints on an error. */
export function runPython(python: string, script: string, input: Buffer | string): string {
  const { status, stdout, stderr } = spawnSync(python, ['-c', script], { input, maxBuffer: 2 ** 28 })
  if (status !== 0) throw new Error(stderr.toString())
  return stdout.toString()
}

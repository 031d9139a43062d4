/**
 * npm's prepare: makes what is built and not committed. Plain JavaScript, because any
 * Node may run it. Without the development dependencies, as in an image that installs
 * with --omit=dev, build/ is one that an earlier stage made.
 */
import { spawnSync } from 'node:child_process'

/** npm scripts, and the package whose command each one calls. */
const builds = { 'build:kernels': 'assemblyscript', 'build:dashboard': 'vite' }

function isInstalled(name) {
  try {
    return Boolean(import.meta.resolve(name))
  } catch {
    return false
  }
}

for (const [script, tool] of Object.entries(builds)) {
  if (!isInstalled(tool)) {
    console.log(`prepare: ${script} left out, ${tool} is not installed`)
    continue
  }
  const { status } = spawnSync('npm', ['run', '--silent', script], {
    stdio: 'inherit',
    shell: process.platform === 'win32',
  })
  if (status !== 0) process.exit(status ?? 1)
}

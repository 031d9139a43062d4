/**
 * npm's prepare: makes what is built and not committed. What builds it is a dependency, so that every install can
 * start. Plain JavaScript, because any Node may run it. Where a tool is absent, as in an image that removes what only
 * builds, build/ is one that an earlier stage made.
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

/**
 * Before `npm start`: says in one line what an install without scripts or development dependencies has left out, and the
 * command that brings it. Plain JavaScript for whatever Node is there.
 */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const least = 26
const root = new URL('../', import.meta.url)
const has = (path) => existsSync(fileURLToPath(new URL(path, root)))

function whatIsMissing() {
  const { node } = process.versions
  if (Number(node.split('.')[0]) < least) {
    const bring = has('node_modules/node') ? 'npm rebuild node' : 'npm ci'
    return `this is Node ${node}, and the service runs on ${least}, which its package \`node\` brings: ${bring}`
  }
  if (!has('node_modules/fastify')) return 'the packages are not installed: npm ci'
  if (!has('build/kernels.wasm')) {
    const bring = has('node_modules/assemblyscript') ? 'npm run prepare' : 'npm ci --include=dev'
    return `build/kernels.wasm has not been built: ${bring}`
  }
  return undefined
}

const missing = whatIsMissing()
if (missing !== undefined) {
  process.stderr.write(`attention-service: ${missing}\n`)
  process.exit(1)
}

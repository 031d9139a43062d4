/**
 * Before `npm start`: says in one line what an install without scripts has left out, and the command that brings it.
 * Plain JavaScript for whatever Node is there.
 */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const least = 26
const root = new URL('../', import.meta.url)
const has = (path) => existsSync(fileURLToPath(new URL(path, root)))

/** What is missing, and the commands that bring it, in their order. */
function whatIsMissing() {
  if (!has('node_modules/fastify')) return { what: ['the packages are not installed'], commands: ['npm ci'] }
  const what = []
  const commands = []
  const { node } = process.versions
  if (Number(node.split('.')[0]) < least) {
    what.push(`this is Node ${node}, and the service runs on ${least}, which its package \`node\` brings`)
    commands.push(has('node_modules/node') ? 'npm rebuild node' : 'npm ci')
  }
  if (!has('build/kernels.wasm')) {
    what.push('build/kernels.wasm has not been built')
    if (!commands.includes('npm ci')) commands.push(has('node_modules/assemblyscript') ? 'npm run prepare' : 'npm ci')
  }
  return { what, commands }
}

const { what, commands } = whatIsMissing()
if (what.length > 0) {
  process.stderr.write(`attention-service: ${what.join(', and ')}: ${commands.join(' && ')}\n`)
  process.exit(1)
}

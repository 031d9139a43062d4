/**
 * npm run model -- org/name [--revision main]
 *
 * Brings a model from Hugging Face's hub into MODELS_DIR: its configuration, its tokenizer and its safetensors, nothing
 * else. A download that was stopped goes on where it was. HF_TOKEN and HF_ENDPOINT are what they are for Hugging Face's
 * own tools.
 */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { readConfig } from '../src/config.ts'
import { inspect } from '../src/models/inspect.ts'
import { WeightStore } from '../src/models/weight-store.ts'
import { UnsupportedModel } from '../src/sources/decoder/unsupported.ts'
import { DownloadError, downloadModel } from './model/download.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { revision: { type: 'string', default: 'main' } },
})
const [name] = positionals
if (name === undefined || positionals.length > 1) {
  console.error('Usage: npm run model -- org/name [--revision main]')
  process.exit(2)
}

const { MODELS_DIR, DATA_DIR } = readConfig()
const { HF_TOKEN, HF_ENDPOINT } = process.env
const MiB = 2 ** 20
let line = ''

/** One line a file, written over where a terminal can. */
function progress(file: string, bytes: number, of: number): void {
  const share = of === 0 ? 100 : Math.floor((100 * bytes) / of)
  const next = `${file}  ${(bytes / MiB).toFixed(1)} of ${(of / MiB).toFixed(1)} MiB, ${share} %`
  if (next === line) return
  line = next
  if (process.stdout.isTTY) process.stdout.write(`\r${next}${bytes === of ? '\n' : ''}`)
  else if (bytes === of) console.log(next)
}

try {
  const folder = await downloadModel({
    name,
    revision: values.revision,
    models: MODELS_DIR,
    ...(HF_ENDPOINT ? { hubUrl: HF_ENDPOINT.replace(/\/$/, '') } : {}),
    ...(HF_TOKEN ? { accessToken: HF_TOKEN } : {}),
    progress,
    retries: 5,
    retryDelay: 2000,
  })
  const found = { id: name, folder, allowed: [folder] }
  const { architecture } = await inspect(found, new WeightStore(join(DATA_DIR, 'models')))
  console.log(`${folder}: ${architecture.family}, ${architecture.layers.length} layers; it is served as ${name}`)
} catch (error) {
  if (!(error instanceof DownloadError) && !(error instanceof UnsupportedModel)) throw error
  console.error(
    error instanceof UnsupportedModel ? `${name} is here, but it is not supported: ${error.message}` : error.message,
  )
  process.exit(1)
}

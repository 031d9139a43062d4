import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe } from 'vitest'
import { onGpu, whySkip } from './on-gpu.ts'

const installed = existsSync(
  join(import.meta.dirname, '../../node_modules/onnxruntime-node/bin/napi-v6/linux/x64/cuda/installed.json'),
)
const reason = whySkip(installed, 'npm run install:cuda')
if (reason !== undefined) console.warn(`SKIPPED: onnxruntime on a GPU: ${reason}.`)

describe.skipIf(reason !== undefined)('onnxruntime on the GPU', () => onGpu('onnxruntime'))

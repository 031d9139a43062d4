/**
 * npm run bench:gpu [-- --cpu]: milliseconds of a run of each engine on the GPU and on the CPU, by length, beside
 * PyTorch on the same card (PYTHON names an interpreter with torch; default python3). Each side is a process of its
 * own, one after the other. Without a GPU it says so and ends; --cpu measures what is left.
 */
import { spawnSync } from 'node:child_process'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { nvidiaGpus } from '../src/engines/nvidia.ts'
import { lengths, numHeads, width } from './gpu/lengths.ts'
import type { SideResult } from './gpu/lengths.ts'

const gpu = nvidiaGpus() > 0
if (!gpu && !process.argv.includes('--cpu')) {
  console.log('SKIPPED: bench:gpu needs an NVIDIA GPU and none is visible here; -- --cpu measures the CPU alone.')
  process.exit(0)
}

const side = (...args: string[]): [string, string[]] => [
  process.execPath,
  [join(import.meta.dirname, 'gpu', 'side.ts'), ...args],
]
const torch = (device: string): [string, string[]] => [
  process.env.PYTHON ?? 'python3',
  [join(import.meta.dirname, 'gpu', 'torch_side.py'), device],
]
const sides: [string, [string, string[]]][] = [
  ...(gpu
    ? ([
        ['tensorflow on gpu', side('tensorflow', 'gpu')],
        ['onnxruntime on gpu', side('onnxruntime', 'gpu')],
        ['torch on gpu', torch('cuda')],
      ] satisfies [string, [string, string[]]][])
    : []),
  ['tensorflow on cpu', side('tensorflow', 'cpu')],
  ['onnxruntime on cpu', side('onnxruntime', 'cpu')],
  ['torch on cpu', torch('cpu')],
]

const card = gpu
  ? (spawnSync('nvidia-smi', ['--query-gpu=name,driver_version', '--format=csv,noheader'], {
      encoding: 'utf8',
    }).stdout?.trim() ?? 'a GPU')
  : 'no GPU'
console.log(`${card}; ${cpus()[0]?.model.trim()}, ${cpus().length} cores; Node ${process.versions.node}`)
console.log(
  `Median milliseconds of a run, batch 1, d_in = d_out = ${width}, ${numHeads} heads: summary alone / with the weights copied to the host\n`,
)
console.log(`| engine | ${lengths.map((length) => `T ${length}`).join(' | ')} |`)
console.log(`|---|${'---|'.repeat(lengths.length)}`)
for (const [title, [program, args]] of sides) {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 2 ** 28 })
  if (status !== 0) {
    const reason =
      error?.message ??
      stderr
        .trim()
        .split('\n')
        .findLast((line) => /Error/.test(line)) ??
      `it ended with ${status}`
    console.log(`| ${title} | not measured: ${reason} |`)
    continue
  }
  const { name, summary, weights } = JSON.parse(stdout.trim().split('\n').at(-1)!) as SideResult
  const digits = (value: number): string => (value < 10 ? value.toFixed(2) : value.toFixed(0))
  console.log(
    `| ${name} | ${lengths.map((length) => `${digits(summary[length]!)} / ${digits(weights[length]!)}`).join(' | ')} |`,
  )
}

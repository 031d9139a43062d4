/**
 * node bench/kernels.ts: nanoseconds a number for drawing and for printing, the kernels
 * beside their plain definitions, the best of several rounds.
 */
import { tensorView } from '../src/encoders/array-view.ts'
import { giveBack } from '../src/encoders/blocks.ts'
import { numberText } from '../src/encoders/number-definition.ts'
import { NumberSink } from '../src/encoders/number-sink.ts'
import { flatRuns, writeRun } from '../src/encoders/number-text.ts'
import type { Draws } from '../src/random/draws.ts'
import { Generator } from '../src/random/generator.ts'
import { PlainGenerator } from '../src/random/plain-generator.ts'

const rounds = 7
const atLeast = 20e6 // nanoseconds a round

/** Nanoseconds that one call takes. */
function time(call: () => void): number {
  let best = Infinity
  let calls = 1
  for (let round = 0; round < rounds; ) {
    const start = process.hrtime.bigint()
    for (let i = 0; i < calls; i++) call()
    const taken = Number(process.hrtime.bigint() - start)
    if (taken < atLeast) {
      calls *= 2
      continue
    }
    best = Math.min(best, taken / calls)
    round++
  }
  return best
}

function compare(name: string, numbers: number, kernel: () => void, plain: () => void): void {
  const [fast, slow] = [time(kernel) / numbers, time(plain) / numbers]
  console.log(
    `${name.padEnd(44)} ${fast.toFixed(2).padStart(8)} ${slow.toFixed(1).padStart(8)} ${(slow / fast).toFixed(1).padStart(6)}`,
  )
}

function compareDraws(name: string, numbers: number, draw: (make: (seed: number) => Draws) => void): void {
  compare(
    name,
    numbers,
    () => draw((seed) => new Generator(seed)),
    () => draw((seed) => new PlainGenerator(seed)),
  )
}

function compareText(name: string, value: () => number): void {
  const data = Float32Array.from({ length: 100_000 }, value)
  compare(
    name,
    data.length,
    () => {
      const sink = new NumberSink()
      for (const run of flatRuns(tensorView({ shape: [100, data.length / 100], data }))) {
        writeRun(run, sink)
        giveBack(sink.take())
      }
    },
    () => data.forEach(numberText),
  )
}

console.log(`${'ns a number'.padEnd(44)} ${'kernel'.padStart(8)} ${'plain'.padStart(8)} ${'ratio'.padStart(6)}`)
const few = new Float32Array(960)
const many = new Float32Array(2 ** 19)
const mask = new Uint8Array(2 ** 19)
let seed = 0
compareDraws('a new generator and 960 uniforms', few.length, (make) => make(seed++).uniform(few, -0.2, 0.2))
compareDraws('half a million uniforms', many.length, (make) => make(1).uniform(many, -0.2, 0.2))
compareDraws('half a million skipped', many.length, (make) => make(1).skipUniform(many.length))
compareDraws('half a million normals', many.length, (make) => make(1).normal(many))
compareDraws('a mask of half a million', mask.length, (make) => make(1).keepMask(mask, 0.1))
compareText('text of weights from 0 to 1', () => Math.random())
compareText('text of scores from -4 to 4', () => Math.random() * 8 - 4)
compareText('text of peaked weights from e^-60 to 1', () => Math.exp(-60 * Math.random()))

/**
 * node measure-request.ts REQUEST: what a request takes, beside what it was estimated to take. In a process of its own,
 * since the memory that one request took is there for the next.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { compute } from '../../src/attention/compute.ts'
import { estimate } from '../../src/attention/estimate.ts'
import { needsOf } from '../../src/attention/request.ts'
import { giveBack } from '../../src/encoders/blocks.ts'
import { defaultEnvironment } from '../../src/config.ts'
import type { EngineName } from '../../src/engines/engine.ts'
import { loadEngines } from '../../src/engines/load.ts'
import { parseFigureSelection } from '../../src/figures/index.ts'
import { encodeAttention, formCost, requestFor } from '../../src/http/attention-forms.ts'
import type { AttentionForm } from '../../src/http/attention-forms.ts'
import { attentionKinds } from '../../src/http/attention/kinds.ts'

export interface MeasuredRequest {
  readonly kind: string
  readonly body: object
  readonly engine: EngineName | 'auto'
  readonly form: AttentionForm
}

export interface Measurement {
  readonly estimatedBytes: number
  readonly takenBytes: number
  /** Seconds of one core. */
  readonly estimatedSeconds: number
  readonly takenSeconds: number
}

const { kind, body, engine, form } = JSON.parse(process.argv[2]!) as MeasuredRequest
const { read } = attentionKinds.find((each) => each.kind === kind)!
const engines = await loadEngines({
  engine,
  device: 'cpu',
  threads: 2,
  version: 'measured',
  setEnvironment: defaultEnvironment,
  gpus: 0,
})
const selection = parseFigureSelection({})
const run = async (of: object, as: AttentionForm): Promise<void> => {
  const request = requestFor(as, read(of), selection)
  const result = await compute(request, engines)
  const encoded = await encodeAttention(result, request.presentation, as, { selection, strings: false })
  if (encoded instanceof Readable) for await (const piece of encoded) giveBack(piece as Buffer) // as it is written to a client
  result.letGo()
}
const resident = (field: 'VmHWM' | 'VmRSS'): number =>
  Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(readFileSync('/proc/self/status', 'utf8'))![1]) * 1024

// Code, sessions and libraries are loaded before the measurement begins: they are there for every request.
const model = { d_in: 4, d_out: 4, ...(kind === 'causal' ? {} : { num_heads: 2 }) }
for (const as of new Set<AttentionForm>(['json', form]))
  await run({ model, input: { randn: [1, 4, 4] }, ...('return' in body ? { return: body.return } : {}) }, as)
globalThis.gc?.()
writeFileSync('/proc/self/clear_refs', '5') // the peak begins here
const before = resident('VmRSS')
const request = requestFor(form, read(body), selection)
const computed = estimate(request, engines.for(request.source.outlines(needsOf(request.returns)), request.engine))
const encoding = formCost(form, request, selection, computed.numbers)
const started = process.cpuUsage()
await run(body, form)
const { user, system } = process.cpuUsage(started)
const measurement: Measurement = {
  estimatedBytes: computed.bytes + encoding.bytes,
  takenBytes: resident('VmHWM') - before,
  estimatedSeconds: (computed.operations + encoding.operations) / 1e9,
  takenSeconds: (user + system) / 1e6,
}
console.log(JSON.stringify(measurement))
await engines.close()

/**
 * Whether a change changed any answer: every byte of some six hundred requests before and after it.
 *
 *     npm run record -- FILE [FOLDER]      sends them and writes a line a request: name, status, headers, digest
 *     npm run record -- compare OLD NEW    says which differ, and ends with 1 if any does
 *
 * With FOLDER the bodies are kept too, for a look at what differs. Numbers of native engines may differ from one kind
 * of processor to another, so recordings are compared on the machine that made them and are not committed.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { readConfig } from '../src/config.ts'
import { createService } from '../src/service.ts'
import { recordedRequests } from './recording/requests.ts'
import type { RecordedRequest } from './recording/requests.ts'

/** Headers that differ from one run to the next. */
const passing = new Set(['date', 'x-request-id', 'server-timing', 'connection', 'keep-alive', 'retry-after'])

interface Recorded {
  readonly name: string
  readonly status: number
  readonly headers: string
  readonly bytes: number
  readonly sha256: string
}

const [first, second, third] = process.argv.slice(2)
if (first === undefined) {
  console.error('usage: record-answers.ts FILE [FOLDER] | compare OLD NEW')
  process.exitCode = 2
} else if (first === 'compare') {
  compare(readRecording(second!), readRecording(third!))
} else {
  await record(first, second)
}

async function record(file: string, folder: string | undefined): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'recording-'))
  const config = readConfig({ WORKERS: '0', DATA_DIR: dataDir, RATE_LIMIT: '0' })
  const service = await createService(config, pino({ level: 'silent' }))
  await service.verify()
  if (service.readiness.status !== 'ready') throw new Error(service.readiness.reason)
  if (folder !== undefined) mkdirSync(folder, { recursive: true })
  const requests = recordedRequests(service.engines.all.map(({ name }) => name))
  const lines: string[] = []
  for (const request of requests) {
    const answer = await send(request)
    // An error's body names its request.
    const id = String(answer.headers['x-request-id'])
    const body = answer.rawPayload.includes(id)
      ? Buffer.from(answer.body.replaceAll(id, 'REQUEST-ID'))
      : answer.rawPayload
    const headers = Object.entries(answer.headers)
      .filter(([name]) => !passing.has(name))
      .map(([name, value]) => `${name}: ${name === 'content-length' ? body.length : String(value)}`)
      .sort()
      .join('; ')
    const recorded: Recorded = {
      name: request.name,
      status: answer.statusCode,
      headers,
      bytes: body.length,
      sha256: createHash('sha256').update(body).digest('hex'),
    }
    lines.push(JSON.stringify(recorded))
    if (folder !== undefined) writeFileSync(join(folder, fileName(request.name)), body)
  }
  writeFileSync(file, `${lines.join('\n')}\n`)
  await service.close()
  rmSync(dataDir, { recursive: true, force: true })
  console.log(`${requests.length} answers recorded in ${file}`)

  function send({ method, url, body, headers = {} }: RecordedRequest) {
    return service.app.inject({
      method,
      url,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
    })
  }
}

function fileName(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9.-]+/g, '_')
}

function readRecording(file: string): Map<string, string> {
  const lines = readFileSync(file, 'utf8').trim().split('\n')
  return new Map(lines.map((line) => [(JSON.parse(line) as Recorded).name, line]))
}

function compare(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): void {
  let different = 0
  for (const name of new Set([...before.keys(), ...after.keys()])) {
    const [old, now] = [before.get(name), after.get(name)]
    if (old === now) continue
    different++
    console.log(`${name}\n  ${old ?? 'not recorded'}\n  ${now ?? 'not recorded'}`)
  }
  console.log(`${different} of ${after.size} answers differ`)
  process.exitCode = different > 0 ? 1 : 0
}

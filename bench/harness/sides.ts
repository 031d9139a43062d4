import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Generator } from './generator.ts'
import { Connection, encodeRequest, type HttpRequest } from './http-client.ts'
import { numbersOf, reportNumbers, type Numbers } from './numbers.ts'
import { python, type Server } from './servers.ts'
import { median } from './spread.ts'

/** One of those that a row compares. */
export interface Side {
  readonly name: string
  /** One block of work: requests a second, or the median milliseconds of one. */
  block(seconds: number): Promise<number>
  /** The numbers of one answer. */
  numbers(): Promise<Numbers>
  close(): void
}

/** Requests of one kind to one server: a rate where several connections share them, else a latency. */
export function httpSide(
  name: string,
  server: Server,
  generator: Generator,
  connections: number,
  request: HttpRequest,
): Side {
  return {
    name,
    async block(seconds) {
      const report = await generator.run({ port: server.port, requests: [request], connections, seconds, least: 3 })
      return connections > 1 ? report.latencies.length / report.seconds : median(report.latencies)
    },
    async numbers() {
      return numbersOf(await ask(server, request))
    },
    close() {},
  }
}

/** One request on a connection of its own, with its body. */
export async function ask(server: Server, request: HttpRequest): ReturnType<Connection['exchange']> {
  const connection = new Connection(server.port, true)
  const response = await connection.exchange(encodeRequest(request))
  connection.close()
  if (response.status !== 200)
    throw new Error(`${server.name}: ${response.status} ${response.body.toString().slice(0, 500)}`)
  return response
}

/** A Python script that does its work once for each line it reads and answers `{"seconds", "report"}` on a line. */
export function scriptSide(name: string, script: string, args: readonly string[]): Side {
  const path = fileURLToPath(new URL(`../peer/${script}`, import.meta.url))
  const child = spawn(python(), [path, ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface(child.stdout)
  const run = async (): Promise<{ seconds: number; report: unknown }> => {
    child.stdin.write('\n')
    const [line] = (await once(lines, 'line')) as [string]
    return JSON.parse(line) as { seconds: number; report: unknown }
  }
  return {
    name,
    async block(seconds) {
      const until = performance.now() + seconds * 1000
      const times: number[] = []
      while (performance.now() < until || times.length < 3) times.push((await run()).seconds * 1000)
      return median(times)
    },
    async numbers() {
      return reportNumbers((await run()).report)
    },
    close() {
      child.kill()
    },
  }
}

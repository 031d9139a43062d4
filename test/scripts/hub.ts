import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export const commit = '0123456789abcdef0123456789abcdef01234567'

/** As much of Hugging Face's hub as a download asks for, on the loopback. */
export class Hub implements AsyncDisposable {
  readonly requests: string[] = []
  /** Bytes of a file after which its connection breaks, once each time it is set. */
  breakAfter: number | null = null
  /** Where set, only requests with this token are answered. */
  token: string | null = null
  /** Files by their paths. Weights are kept by Git LFS. */
  readonly files: Map<string, Uint8Array>
  readonly #server = createServer((request, response) => this.#answer(request, response))

  private constructor(files: Map<string, Uint8Array>) {
    this.files = files
  }

  static async start(files: Map<string, Uint8Array>): Promise<Hub> {
    const hub = new Hub(files)
    await new Promise<void>((resolve) => hub.#server.listen(0, '127.0.0.1', resolve))
    return hub
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const path = new URL(request.url!, this.url).pathname
    const range = request.headers.range
    this.requests.push(range === undefined ? path : `${path} ${range}`)
    if (this.token !== null && request.headers.authorization !== `Bearer ${this.token}`) {
      this.#json(response, 401, { error: 'Invalid credentials' })
    } else if (path.startsWith('/api/models/org/name/revision/')) {
      this.#json(response, 200, { _id: '1', id: 'org/name', sha: commit, lastModified: '2026-01-01T00:00:00Z' })
    } else if (path === `/api/models/org/name/tree/${commit}`) {
      this.#json(response, 200, [{ type: 'directory', path: 'onnx', size: 0, oid: '0' }, ...this.#tree()])
    } else if (path.startsWith(`/org/name/resolve/${commit}/`)) {
      this.#file(this.files.get(path.slice(`/org/name/resolve/${commit}/`.length)), range, response)
    } else {
      this.#json(response, 404, { error: 'Repository not found' })
    }
  }

  #tree(): object[] {
    return [...this.files].map(([path, content]) => {
      const sha256 = createHash('sha256').update(content).digest('hex')
      const oid = createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex')
      const lfs = path.endsWith('.safetensors') ? { lfs: { oid: sha256, size: content.length, pointerSize: 134 } } : {}
      return { type: 'file', path, size: content.length, oid, ...lfs }
    })
  }

  #json(response: ServerResponse, status: number, body: unknown): void {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  }

  #file(content: Uint8Array | undefined, range: string | undefined, response: ServerResponse): void {
    if (content === undefined) return this.#json(response, 404, { error: 'Entry not found' })
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(range ?? '') ?? []
    const first = Number(from ?? 0)
    const part = content.subarray(first, to === undefined ? content.length : Number(to) + 1)
    response.writeHead(range === undefined ? 200 : 206, {
      etag: '"etag"',
      'content-length': part.length,
      ...(range === undefined
        ? {}
        : { 'content-range': `bytes ${first}-${first + part.length - 1}/${content.length}` }),
    })
    if (this.breakAfter === null || part.length <= this.breakAfter) {
      response.end(part)
      return
    }
    response.write(part.subarray(0, this.breakAfter), () => response.destroy())
    this.breakAfter = null
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

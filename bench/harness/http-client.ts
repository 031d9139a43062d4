import { connect, type Socket } from 'node:net'

export interface HttpRequest {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

/** Digits in a body that the load generator counts up from with each request, so that no two ask for the same thing. */
export const FRESH = 900_000_000

export interface HttpResponse {
  readonly status: number
  readonly head: string
  readonly bytes: number
  readonly body: Buffer
}

/** The request as bytes, made once and sent often. */
export function encodeRequest(request: HttpRequest): Buffer {
  const body = Buffer.from(request.body ?? '')
  const lines = [
    `${request.method} ${request.path} HTTP/1.1`,
    'host: localhost',
    ...Object.entries(request.headers).map(([name, value]) => `${name}: ${value}`),
  ]
  if (request.body !== undefined) lines.push(`content-length: ${body.length}`)
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), body])
}

/**
 * One keep-alive connection that sends a request and waits for the whole answer: as little work as can be, since it
 * shares the machine with what it measures. Answers have a content-length or are chunked.
 */
export class Connection {
  readonly #socket: Socket
  readonly #keep: boolean
  #done: ((response: HttpResponse) => void) | undefined
  #failed: ((error: Error) => void) | undefined
  #pending: Buffer = Buffer.alloc(0)
  #head = ''
  #status = 0
  #bytes = 0
  /** Bytes of the body, or of the current chunk, still to come; -1 while a head or a chunk's size is awaited. */
  #left = -1
  #chunked = false
  #parts: Buffer[] = []

  /** `keepBodies`: hand bodies over instead of counting their bytes. */
  constructor(port: number, keepBodies = false) {
    this.#keep = keepBodies
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true })
    this.#socket.on('data', (chunk: Buffer) => this.#read(chunk))
    this.#socket.on('error', (error) => this.#fail(error))
    this.#socket.on('close', () => this.#fail(new Error('the server closed the connection')))
  }

  exchange(request: Buffer): Promise<HttpResponse> {
    return new Promise((resolve, reject) => {
      this.#done = resolve
      this.#failed = reject
      this.#socket.write(request)
    })
  }

  close(): void {
    this.#failed = undefined
    this.#socket.destroy()
  }

  #fail(error: Error): void {
    const failed = this.#failed
    this.#failed = undefined
    failed?.(error)
  }

  #read(chunk: Buffer): void {
    let data = this.#pending.length > 0 ? Buffer.concat([this.#pending, chunk]) : chunk
    this.#pending = Buffer.alloc(0)
    for (;;) {
      if (this.#head === '') {
        const end = data.indexOf('\r\n\r\n')
        if (end < 0) break
        this.#begin(data.toString('latin1', 0, end))
        data = data.subarray(end + 4)
      }
      if (this.#left > 0) {
        const taken = data.subarray(0, this.#left)
        if (this.#keep && taken.length > 0) this.#parts.push(taken)
        this.#bytes += taken.length
        this.#left -= taken.length
        data = data.subarray(taken.length)
        if (this.#left > 0) return
        if (this.#chunked) this.#left = -2
      }
      if (!this.#chunked) return this.#end()
      if (this.#left === -2) {
        // the line end after a chunk
        if (data.length < 2) break
        data = data.subarray(2)
        this.#left = -1
      }
      const line = data.indexOf('\r\n')
      if (line < 0) break
      const size = Number.parseInt(data.toString('latin1', 0, line), 16)
      if (size === 0) {
        if (data.length < line + 4) break
        return this.#end()
      }
      this.#left = size
      data = data.subarray(line + 2)
    }
    this.#pending = data
  }

  #begin(head: string): void {
    this.#head = head
    this.#status = Number(head.slice(9, 12))
    this.#bytes = 0
    this.#parts = []
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)
    this.#chunked = length === null
    this.#left = length === null ? -1 : Number(length[1])
  }

  #end(): void {
    const response = { status: this.#status, head: this.#head, bytes: this.#bytes, body: Buffer.concat(this.#parts) }
    this.#head = ''
    this.#left = -1
    this.#parts = []
    this.#failed = undefined
    this.#done?.(response)
  }
}

/** One server-sent event. */
export interface ServerEvent {
  readonly id: string | null
  readonly event: string
  readonly data: string
}

/** Reads a stream of server-sent events (WHATWG HTML, section 9.2.6); EventSource cannot send a key. */
export async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerEvent> {
  const reader = body.pipeThrough(new TextDecoderStream() as unknown as TransformStream<Uint8Array, string>).getReader()
  let rest = ''
  let event = '',
    data: string[] = [],
    id: string | null = null
  try {
    for (;;) {
      const { value, done } = await reader.read()
      if (done) return
      const lines = (rest + value).split(/\r\n|\n|\r(?!$)/)
      rest = lines.pop() ?? ''
      for (const line of lines) {
        if (line === '') {
          if (data.length > 0) yield { id, event: event === '' ? 'message' : event, data: data.join('\n') }
          event = ''
          data = []
          continue
        }
        const [, field, text] = /^([^:]*):? ?(.*)$/.exec(line)!
        if (field === 'event') event = text!
        else if (field === 'data') data.push(text!)
        else if (field === 'id') id = text!
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}

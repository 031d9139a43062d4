import { once } from 'node:events'
import { createServer, request } from 'node:http'

export interface PrefixProxy {
  /** Its own address with the prefix, without a slash at its end. */
  readonly address: string
  close(): Promise<void>
}

/** A reverse proxy that shows the service on `port` below `prefix`, and nothing elsewhere. */
export async function startPrefixProxy(port: number, prefix: string, { strips = true } = {}): Promise<PrefixProxy> {
  const server = createServer((incoming, outgoing) => {
    const url = incoming.url!
    const rest = url.slice(prefix.length)
    if (!url.startsWith(prefix) || !/^($|[/?])/.test(rest)) {
      outgoing.writeHead(404).end('not the service')
      return
    }
    const path = strips ? `${rest.startsWith('/') ? '' : '/'}${rest}` : url
    const { method, headers } = incoming
    const forwarded = request({ host: '127.0.0.1', port, path, method: method!, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode!, answer.headers)
      answer.pipe(outgoing)
    })
    forwarded.on('error', () => outgoing.destroy())
    incoming.pipe(forwarded)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    address: `http://127.0.0.1:${(server.address() as { port: number }).port}${prefix}`,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

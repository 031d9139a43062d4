import { BlockList, isIPv4, isIPv6, SocketAddress } from 'node:net'

/**
 * Which proxies are believed: none; so many, counted from the service outwards; or those with these addresses and ranges
 * (`10.0.0.0/8`, `::1`).
 */
export type TrustedProxies = false | number | readonly string[]

/** The parts of a request that say who sent it. */
interface Sender {
  readonly socket: { readonly remoteAddress?: string }
  readonly headers: { readonly [name: string]: string | string[] | undefined }
}

/** An address or range of a list of proxies, or undefined where it is none. */
export function readRange(
  text: string,
): { readonly address: string; readonly bits: number; readonly family: 'ipv4' | 'ipv6' } | undefined {
  const [address = '', bits, ...more] = text.split('/')
  const family = familyOf(address)
  if (family === undefined || more.length > 0) return undefined
  const longest = family === 'ipv4' ? 32 : 128
  if (bits === undefined) return { address, bits: longest, family }
  return /^\d{1,3}$/.test(bits) && Number(bits) <= longest ? { address, bits: Number(bits), family } : undefined
}

/**
 * How a request's client is told from others, for rates, turns and the log: an IPv4 address, or the /64 of an IPv6 one,
 * since that is what one customer has. With trusted proxies it is the last address of X-Forwarded-For that none of them
 * vouches for; what a client writes there itself stands further left and is not read. An entry that is no address ends
 * the walk at the proxy that wrote it.
 */
export function clientAddresses(trusted: TrustedProxies): (request: Sender) => string {
  const isTrusted = trustOf(trusted)
  return ({ socket, headers }) => {
    let client = socket.remoteAddress ?? 'local' // a Unix socket has none
    const header = trusted === false ? undefined : headers['x-forwarded-for']
    if (header !== undefined) {
      const forwarded = String(header).split(',')
      for (let hop = 0; forwarded.length > 0 && isTrusted(client, hop); hop++) {
        const next = bare(forwarded.pop()!)
        if (next === undefined) break
        client = next
      }
    }
    return network(bare(client) ?? client)
  }
}

function trustOf(trusted: TrustedProxies): (address: string, hop: number) => boolean {
  if (trusted === false) return () => false
  if (typeof trusted === 'number') return (_address, hop) => hop < trusted
  const list = new BlockList()
  for (const { address, bits, family } of trusted.map((text) => readRange(text)!)) list.addSubnet(address, bits, family)
  return (text) => {
    const address = bare(text) ?? text
    const family = familyOf(address)
    return family === undefined || list.check(address, family)
  }
}

function familyOf(address: string): 'ipv4' | 'ipv6' | undefined {
  if (isIPv4(address)) return 'ipv4'
  return isIPv6(address) ? 'ipv6' : undefined
}

/** An address without port, brackets, zone and the ::ffff: of an IPv4 one; undefined where the text is no address. */
function bare(text: string): string | undefined {
  const [, bracketed] = /^\[([^\]]*)\](?::\d+)?$/.exec(text.trim()) ?? []
  const address = bracketed ?? text.trim().replace(/^([\d.]+):\d+$/, '$1')
  if (isIPv4(address)) return address
  const [withoutZone = ''] = address.split('%')
  if (!isIPv6(withoutZone)) return undefined
  const { address: canonical } = new SocketAddress({ address: withoutZone, family: 'ipv6' })
  const [, mapped] = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(canonical) ?? []
  return mapped ?? canonical
}

/** The /64 of an IPv6 address; any other text as it is. */
function network(address: string): string {
  if (!isIPv6(address)) return address
  const [left = '', right = ''] = address.split('::')
  const groups = (part: string): string[] => (part === '' ? [] : part.split(':'))
  const before = groups(left)
  const after = groups(right)
  const missing = address.includes('::') ? 8 - before.length - after.length : 0
  return `${[...before, ...Array.from({ length: missing }, () => '0'), ...after].slice(0, 4).join(':')}::/64`
}

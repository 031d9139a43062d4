import { describe, expect, it } from 'vitest'
import { clientAddresses, readRange } from '../../src/http/client-address.ts'
import type { TrustedProxies } from '../../src/http/client-address.ts'

function client(trusted: TrustedProxies, remoteAddress: string, forwarded?: string): string {
  const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded }
  return clientAddresses(trusted)({ socket: { remoteAddress }, headers })
}

describe('the address that a client is told by', () => {
  it('is the connection’s without trusted proxies, whatever the header says', () => {
    expect(client(false, '198.51.100.7', '203.0.113.1')).toBe('198.51.100.7')
  })

  it('is the last address of the header behind one proxy, so that a made-up one changes nothing', () => {
    for (const made of ['', '1.1.1.1, ', '2.2.2.2,3.3.3.3, ', 'junk, ', `${'9.9.9.9,'.repeat(100)}`]) {
      expect(client(1, '10.0.0.1', `${made}203.0.113.1`)).toBe('203.0.113.1')
    }
  })

  it('is as many addresses further left as there are proxies, and no further than the header goes', () => {
    expect(client(2, '10.0.0.1', '1.1.1.1, 203.0.113.1, 10.0.0.2')).toBe('203.0.113.1')
    expect(client(2, '10.0.0.1', '203.0.113.1')).toBe('203.0.113.1')
    expect(client(3, '10.0.0.1')).toBe('10.0.0.1')
  })

  it('is the first from the right that is no proxy of the list', () => {
    const proxies = ['10.0.0.0/8', '::1', '2001:db8::/32']
    expect(client(proxies, '10.9.9.9', '1.1.1.1, 203.0.113.1, 10.0.0.2:4711')).toBe('203.0.113.1')
    expect(client(proxies, '::1', '203.0.113.1, 2001:db8::5')).toBe('203.0.113.1')
    expect(client(proxies, '::ffff:10.0.0.1', '203.0.113.1')).toBe('203.0.113.1')
    expect(client(proxies, '192.0.2.1', '203.0.113.1')).toBe('192.0.2.1')
  })

  it.each([
    ['203.0.113.1:50123', '203.0.113.1'],
    ['::ffff:203.0.113.1', '203.0.113.1'],
    ['::FFFF:CB00:7101', '203.0.113.1'],
    ['[::ffff:203.0.113.1]:443', '203.0.113.1'],
    [' 203.0.113.1 ', '203.0.113.1'],
  ])('is the same address however it is written: %j', (written, address) => {
    expect(client(1, '10.0.0.1', written)).toBe(address)
  })

  it.each([
    '2001:db8:1:2::1',
    '2001:DB8:1:2:ffff::9',
    '[2001:db8:1:2::7]:8080',
    '2001:0db8:0001:0002:0:0:0:1',
    '2001:db8:1:2::1%eth0',
  ])('is the /64 of an IPv6 client: %j', (written) => {
    expect(client(1, '10.0.0.1', written)).toBe('2001:db8:1:2::/64')
  })

  it.each(['', 'unknown', '_hidden', '1.2.3', '999.1.1.1', '203.0.113.1 x', '"203.0.113.1"', '::g'])(
    'is the proxy’s own where the last entry is no address: %j',
    (garbage) => {
      expect(client(1, '10.0.0.1', `203.0.113.9, ${garbage}`)).toBe('10.0.0.1')
    },
  )
})

it('a range of a list is an address with or without a number of bits that it has', () => {
  expect(readRange('10.0.0.0/8')).toEqual({ address: '10.0.0.0', bits: 8, family: 'ipv4' })
  expect(readRange('::1')).toEqual({ address: '::1', bits: 128, family: 'ipv6' })
  for (const wrong of ['', '10.0.0.0/33', '10.0.0.0/-1', '10.0.0.0/', '::/129', 'proxy', '10.0.0.0/8/8']) {
    expect(readRange(wrong)).toBeUndefined()
  }
})

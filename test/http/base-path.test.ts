import Fastify from 'fastify'
import { describe, expect, it } from 'vitest'
import { readConfig } from '../../src/config.ts'
import { BasePath } from '../../src/http/base-path.ts'

describe('BASE_PATH', () => {
  it.each([
    ['/', ''],
    ['/tools/attention/', '/tools/attention'],
    ['/a', '/a'],
    ['/v1.0/~me/x-y_z', '/v1.0/~me/x-y_z'],
  ])('%s is %j', (given, path) => {
    expect(readConfig({ BASE_PATH: given }).BASE_PATH).toBe(path)
  })

  it.each(['tools', '/a b', '/a//b', '/..', '/a/../b', '/a?b', '/ä', 'http://host/a'])('%s is refused', (given) => {
    expect(() => readConfig({ BASE_PATH: given })).toThrow(`BASE_PATH=${given}: must be a path such as`)
  })
})

describe('addresses below it', () => {
  const strip = (prefix: string, url: string): string => {
    const basePath = new BasePath(prefix)
    const app = Fastify()
    basePath.learn(app)
    for (const path of ['/', '/docs', '/assets/*', '/attention/causal', '/jobs/:id', '/health/live'])
      app.get(path, async () => '')
    return basePath.strip(url)
  }

  it.each([
    ['/tools/x/docs', '/docs'],
    ['/tools/x/docs?a=/b', '/docs?a=/b'],
    ['/tools/x', '/'],
    ['/tools/x/', '/'],
    ['/tools/x?q', '/?q'],
    ['/tools/x/jobs/1/result', '/jobs/1/result'],
    ['/tools/x/assets/a.js', '/assets/a.js'],
    // A proxy has taken it off.
    ['/docs', '/docs'],
    ['/', '/'],
    // Not below it.
    ['/tools/xy/docs', '/tools/xy/docs'],
    ['/tools/x/nothing', '/tools/x/nothing'],
  ])('/tools/x: %s is %s', (url, own) => {
    expect(strip('/tools/x', url)).toBe(own)
  })

  it.each([
    ['/attention/docs', '/docs'],
    ['/attention/attention/causal', '/attention/causal'],
    ['/attention/causal', '/attention/causal'],
    ['/attention/', '/'],
  ])('a prefix that the service has itself, /attention: %s is %s', (url, own) => {
    expect(strip('/attention', url)).toBe(own)
  })

  it('no prefix changes nothing', () => {
    expect(strip('', '/docs')).toBe('/docs')
  })
})

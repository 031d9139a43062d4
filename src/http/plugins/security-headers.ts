import type { FastifyInstance } from 'fastify'
import helmet from 'helmet'

const docsPath = /^\/docs(\/|\?|$)/

/** What an answer that is data, not a page, says to browsers. */
const dataHeaders = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'cross-origin', // a figure may stand in another page's <img>
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const

const setPageHeaders = helmet({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      styleSrc: ["'self'", (request) => (docsPath.test(request.url ?? '') ? "'unsafe-inline'" : "'self'")],
      imgSrc: ["'self'", 'data:', 'blob:'],
      fontSrc: ["'self'", 'data:'],
      connectSrc: ["'self'"],
      baseUri: ["'none'"],
      formAction: ["'none'"],
      frameAncestors: ["'none'"],
    },
  },
  crossOriginOpenerPolicy: false, // ignored, with a warning, where the page is not served by https
  originAgentCluster: false,
  strictTransportSecurity: false,
})

/**
 * Headers that keep a browser from doing more than the pages need: everything from this host, no inline script, no
 * eval; inline styles on /docs alone, whose library writes them. Nothing here asks for https, which would break a plain
 * http dashboard.
 */
export function setSecurityHeaders(app: FastifyInstance): void {
  app.addHook('onRequest', (request, reply, done) => {
    if (request.routeOptions.config.computes !== true)
      return setPageHeaders(request.raw, reply.raw, (error) => done(error as Error | undefined))
    reply.headers(dataHeaders)
    done()
  })
}

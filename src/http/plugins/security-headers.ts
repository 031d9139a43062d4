import helmet from '@fastify/helmet'
import type { FastifyInstance } from 'fastify'

const docsPath = /^\/docs(\/|\?|$)/

/** What an answer that is data, not a page, says to browsers: made once, because helmet works it out for every request anew. */
const dataHeaders = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'cross-origin', // a figure may stand in another page's <img>
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const

/**
 * Headers that keep a browser from doing more than the pages need: everything from this host, no inline script, no
 * eval; inline styles on /docs alone, whose library writes them. Nothing here asks for https, which would break a plain
 * http dashboard.
 */
export async function setSecurityHeaders(app: FastifyInstance): Promise<void> {
  app.addHook('onRoute', (route) => {
    if ((route.config as { computes?: boolean } | undefined)?.computes === true) route.helmet = false
  })
  app.addHook('onRequest', (request, reply, done) => {
    if (request.routeOptions.config.computes === true) reply.headers(dataHeaders)
    done()
  })
  await app.register(helmet, {
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
}

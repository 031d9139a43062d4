import type { Span } from '@opentelemetry/api'
import type { FastifyInstance } from 'fastify'
import type { Config } from '../../config.ts'
import { version } from '../../version.ts'

/** Traces of requests, or nothing at all where nobody wants them. */
export interface Tracing {
  traceRequests(app: FastifyInstance): void
  close(): Promise<void>
}

declare module 'fastify' {
  interface FastifyRequest {
    span: Span | null
  }
}

const none: Tracing = { traceRequests: () => {}, close: () => Promise.resolve() }

type Settings = Pick<Config, 'OTEL_EXPORTER_OTLP_ENDPOINT' | 'OTEL_SDK_DISABLED' | 'OTEL_TRACES_EXPORTER'>

/**
 * OpenTelemetry traces over OTLP; its libraries are loaded only where traces are wanted. A request is one span,
 * with its queueing, computing and encoding below it. The context comes in and goes on by W3C's `traceparent`: from the
 * client to the gateway, and from there to the worker, which sees it as its client's.
 */
export async function startTracing(settings: Settings, instance: string): Promise<Tracing> {
  const endpoint = settings.OTEL_EXPORTER_OTLP_ENDPOINT
  if (endpoint === '' || settings.OTEL_SDK_DISABLED || settings.OTEL_TRACES_EXPORTER === 'none') return none
  const [
    { context, defaultTextMapGetter, propagation, SpanKind, SpanStatusCode, trace },
    { BatchSpanProcessor, NodeTracerProvider },
    { OTLPTraceExporter },
  ] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/sdk-trace-node'),
    import('@opentelemetry/exporter-trace-otlp-http'),
  ])
  const { detectResources, envDetector, resourceFromAttributes } = await import('@opentelemetry/resources')
  const exporter = new OTLPTraceExporter({ url: `${endpoint.replace(/\/$/, '')}/v1/traces` })
  const provider = new NodeTracerProvider({
    // OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES, which the detector reads, come before what is said here.
    resource: resourceFromAttributes({
      'service.name': 'attention-service',
      'service.version': version,
      'service.instance.id': instance,
    }).merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [new BatchSpanProcessor(exporter, { scheduledDelayMillis: 1_000 })],
  })
  provider.register()
  const tracer = trace.getTracer('attention-service', version)

  return {
    traceRequests(app) {
      app.decorateRequest('span', null)
      app.addHook('onRequest', (request, _reply, done) => {
        const parent = propagation.extract(context.active(), request.headers, defaultTextMapGetter)
        request.span = tracer.startSpan(
          `${request.method} ${request.routeOptions.url ?? 'unknown'}`,
          {
            kind: SpanKind.SERVER,
            attributes: {
              'http.request.method': request.method,
              'url.path': request.url.split('?', 1)[0]!,
              'http.request.id': request.id,
            },
          },
          parent,
        )
        // What goes on from here, to a worker, names this span as its parent.
        propagation.inject(trace.setSpan(context.active(), request.span), request.headers)
        done()
      })
      app.addHook('onResponse', (request, reply, done) => {
        const { span } = request
        if (span === null) return done()
        const parent = trace.setSpan(context.active(), span)
        stages(request.timing, performance.timeOrigin + performance.now() - reply.elapsedTime, (name, start, end) => {
          tracer.startSpan(name, { startTime: start }, parent).end(end)
        })
        span.setAttribute('http.response.status_code', reply.statusCode)
        if (request.problemCode !== null) span.setAttribute('error.type', request.problemCode)
        if (reply.statusCode >= 500) span.setStatus({ code: SpanStatusCode.ERROR })
        span.end()
        done()
      })
    },
    close: () => provider.shutdown(),
  }
}

/** The stages of a request one after the other, from `start`, in milliseconds since the epoch. */
function stages(
  timing: { queueMs: number; computeMs: number; encodeMs: number },
  start: number,
  add: (name: string, start: number, end: number) => void,
): void {
  if (timing.computeMs === 0) return
  let at = start
  for (const [name, ms] of [
    ['queue', timing.queueMs],
    ['compute', timing.computeMs],
    ['encode', timing.encodeMs],
  ] as const) {
    add(name, at, at + ms)
    at += ms
  }
}

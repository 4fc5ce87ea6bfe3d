// Spans of OpenTelemetry for each request, by the HTTP semantic conventions, out of the events of the client. The span's
// context goes along as `traceparent`.

import { subscribe } from 'node:diagnostics_channel'
import { type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { Client, type ClientEvents, HTTPException, type RequestInfo, withChanges } from 'httplib-ts'

const exporter = new InMemorySpanExporter()
trace.setGlobalTracerProvider(
  new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }),
)
const tracer = trace.getTracer('httplib')
const spans = new WeakMap<RequestInfo, Span>()

/** Listens to a channel, with the type of its message. */
function on<K extends keyof ClientEvents>(name: K, hear: (event: ClientEvents[K]) => void): void {
  subscribe(name, (message) => hear(message as ClientEvents[K]))
}

on('httplib:request', ({ request }) => {
  const url = new URL(request.url)
  const attributes = {
    'http.request.method': request.method,
    'url.full': request.url,
    'server.address': url.hostname,
    'server.port': Number(url.port) || (url.protocol === 'https:' ? 443 : 80),
  }
  const span = tracer.startSpan(request.method, { kind: SpanKind.CLIENT, attributes })
  spans.set(request, span)
  // The hook below finds it by the context that the request was given.
  if (request.context instanceof Map) request.context.set('span', span)
})
on('httplib:retry', ({ request, attempt, why }) => {
  spans.get(request)?.addEvent('retry', { 'http.request.resend_count': attempt, reason: why })
})
on('httplib:response', ({ request, status, address, httpVersion, attempts }) => {
  const span = spans.get(request)
  span?.setAttributes({
    'http.response.status_code': status,
    'network.protocol.version': httpVersion ?? '',
    'network.peer.address': address ?? '',
    'http.request.resend_count': attempts - 1,
  })
  if (status >= 400) span?.setStatus({ code: SpanStatusCode.ERROR })
  span?.end()
})
on('httplib:error', ({ request, error }) => {
  const span = spans.get(request)
  span?.setAttribute('error.type', HTTPException.isHTTPException(error) ? error.code : 'abort')
  span?.setStatus({ code: SpanStatusCode.ERROR })
  span?.end()
})

const client = new Client({
  hooks: {
    beforeRequest: (request) => {
      const span = (request.settings?.context as Map<string, Span> | undefined)?.get('span')
      if (span === undefined) return request
      const { traceId, spanId } = span.spanContext()
      return withChanges(request, {
        fields: [...request.fields, ['traceparent', `00-${traceId}-${spanId}-01`]],
      })
    },
  },
})
const [, , origin = 'https://example.com'] = process.argv
console.log(await client.get(`${origin}/traced`, { context: new Map() }).text())
await client.get('http://127.0.0.1:1/refused', { retry: false }).catch(() => {})
for (const { name, attributes, status } of exporter.getFinishedSpans())
  console.log(name, attributes['http.response.status_code'] ?? attributes['error.type'], status.code)
await client.close()

/** The front door of the package. */

export { type ConnectionState, HTTPConnection } from './connection/http-connection.ts'
export { HTTPSConnection } from './connection/https-connection.ts'
export type {
  DebugSink,
  ExpectContinueOption,
  HTTPConnectionOptions,
  HTTPSConnectionOptions,
  PutRequestOptions,
  RequestOptions,
  TimeoutOption,
  Timeouts,
} from './connection/options.ts'
export { formatHTTPDate, parseHTTPDate } from './core/dates.ts'
export type { FieldLine } from './core/fields.ts'
export { type FieldValue, type HeadersInput, HTTPHeaders } from './core/headers.ts'
export { HTTP_PORT, HTTPS_PORT } from './core/origin.ts'
export type { RequestBody } from './core/request-body.ts'
export { HTTPResponse, type InformationalResponse, type Timings } from './core/response.ts'
export { responses, status } from './core/status.ts'
export * from './errors.ts'
export type { LimitOptions, Limits } from './h1/limits.ts'
export type { ToleranceOptions, Tolerances } from './h1/tolerances.ts'
export type { ByteSink, ByteStream, DialedStream, DialTimings } from './io/byte-stream.ts'
export type { Clock, Timer } from './io/clock.ts'
export type { Connector, DialTarget, Lookup } from './io/dial.ts'
export type { AcceptedCertificate, TlsDetails, TlsOptions } from './io/tls-options.ts'

/** The front door of the package. */

export { type Challenge, parseChallenges } from './auth/challenge.ts'
export { Client } from './client/client.ts'
export type { CloseOptions } from './client/closing.ts'
export type {
  ClientEvents,
  ConnectionEvent,
  ErrorEvent,
  RedirectEvent,
  RequestEvent,
  RequestInfo,
  ResponseEvent,
  RetryEvent,
} from './client/events.ts'
export type { ExplainedField, ExplainedTimeout, Explanation, SaidBy } from './client/explain.ts'
export type {
  ClientHeaders,
  ClientLimits,
  ClientOptions,
  ClientPoolOptions,
  ClientRequestOptions,
  ClientTimeouts,
  DecompressOptions,
  DnsOptions,
  GuardOptions,
  Hooks,
  ProxiesByScheme,
  ProxyAuth,
  ProxyFunction,
  ProxyInput,
  ProxyOption,
  ProxyOptions,
  QueryInput,
  QueryObject,
  QueryValue,
  RedirectOptions,
  RetryOptions,
  SharedOptions,
} from './client/option-types.ts'
export type { ClientPool } from './client/pool-view.ts'
export { ResponsePromise } from './client/response-promise.ts'
export { request } from './client/shared-client.ts'
export type { ConnectionState } from './connection/call-states.ts'
export { HTTPConnection } from './connection/http-connection.ts'
export { HTTPSConnection } from './connection/https-connection.ts'
export type {
  DebugSink,
  HTTPConnectionOptions,
  HTTPSConnectionOptions,
  PutRequestOptions,
} from './connection/options.ts'
export { formatHTTPDate, parseHTTPDate } from './core/dates.ts'
export type { FieldLine } from './core/fields.ts'
export type { Handler, Layer } from './core/handler.ts'
export { type FieldValue, type HeadersInput, HTTPHeaders } from './core/headers.ts'
export { type ResponseInit, respondWith } from './core/memory-response.ts'
export { HTTP_PORT, HTTPS_PORT } from './core/origin.ts'
export type { RequestBody } from './core/outgoing-body.ts'
export {
  OutgoingRequest,
  type RequestChanges,
  type RequestDeadlines,
  type RequestOrigin,
  type RequestParts,
  type ShownRequest,
  withChanges,
} from './core/request.ts'
export type { ExpectContinueOption, RequestOptions } from './core/request-options.ts'
export {
  type ConnectionFacts,
  HTTPResponse,
  type InformationalResponse,
  type ResponseChanges,
  type Timings,
} from './core/response.ts'
export type {
  AuthCredential,
  AuthSettings,
  BasicCredential,
  BearerCredential,
  CookieJarLike,
  DigestCredential,
  HstsPolicy,
  HstsStore,
  Progress,
  RequestSettings,
  SpeedLimit,
} from './core/settings.ts'
export type { StandardSchema } from './core/standard-schema.ts'
export { responses, status } from './core/status.ts'
export type { TimeoutOption, Timeouts } from './core/timeouts.ts'
export type { AcceptedCertificate, TlsDetails, TlsOptions } from './core/tls-options.ts'
export * from './errors/index.ts'
export type { LimitOptions, Limits } from './h1/limits.ts'
export type { ToleranceOptions, Tolerances } from './h1/tolerances.ts'
export type { ByteSink, ByteStream, DialedStream, DialTimings } from './io/byte-stream.ts'
export type { Connector, DialTarget, Lookup } from './io/dial.ts'
export type { ExplainedAuth } from './layers/auth/explain.ts'
export type { AuthMethod, AuthOption, TokenSource } from './layers/auth/option.ts'
export type { GuardFunction } from './layers/guard/guard.ts'
export { isPublicAddress } from './layers/guard/judge-address.ts'
export { readHstsFile, writeHstsFile } from './layers/hsts/file.ts'
export { MemoryHstsStore } from './layers/hsts/store.ts'
export type { PoolPreview } from './pool/pool.ts'
export type { PoolWarning } from './pool/pooled-body.ts'
export type { ConnectionReport, DialReport, PoolReport, WaiterReport } from './pool/report.ts'
export type { Clock, Timer } from './time/clock.ts'
export type { Random } from './time/random.ts'

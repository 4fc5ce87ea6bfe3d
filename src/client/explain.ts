/**
 * What a request would be, without sending it: the plan as a value that prints well.
 *
 * Security: shown as everything else of this package is, credentials masked.
 */

import { type FieldLine, hasField, withFieldAfterHost } from '../core/fields.ts'
import { freezeDeep } from '../core/freeze.ts'
import type { OutgoingBody } from '../core/outgoing-body.ts'
import { ownMember } from '../core/owns.ts'
import { MASK, maskField, maskText } from '../core/redact.ts'
import { type OutgoingRequest, withChanges } from '../core/request.ts'
import { type ExplainedAuth, explainAuth } from '../layers/auth/explain.ts'
import type { ProtectionSpaces } from '../layers/auth/spaces.ts'
import { type GuardPreview, previewGuard } from '../layers/guard/preview.ts'
import type { PoolPreview } from '../pool/pool.ts'
import type { ProxyServer } from '../proxy/proxy-server.ts'
import { checkHead, completeHead } from '../transport/h1/request-head.ts'
import { looksUpByItself } from '../transport/open-route.ts'
import type { ClientOptions, ClientTimeouts, SharedOptions } from './option-types.ts'
import type { ClientSettings } from './settings.ts'

/** Where something was said. */
export type SaidBy = 'default' | 'client' | 'request'

/** A field as it would be sent, and who has set it. */
export interface ExplainedField {
  /** The name, as it would be written. */
  readonly name: string
  /** The value; credentials are masked. */
  readonly value: string
  /**
   * `default`, `client` and `request` for headers; `auth`, `url`, `body` and `protocol` for what is made of them; `jar` for
   * cookies, `proxy` for who we are to a proxy, `retry` for the idempotency key, whose value is drawn when it is sent.
   */
  readonly from: SaidBy | 'auth' | 'url' | 'body' | 'protocol' | 'jar' | 'proxy' | 'retry'
}

/** A timeout, and where it was said. */
export interface ExplainedTimeout {
  /** The name of the phase. */
  readonly phase: string
  /** In milliseconds; Infinity for none. */
  readonly ms: number
  /** Where it was said. */
  readonly from: SaidBy
}

/** What would be done for a request. `String(plan)` and `console.log(plan)` write it for people. */
export interface Explanation {
  /** The method. */
  readonly method: string
  /** The URL, as it may be shown. */
  readonly url: string
  /** Its parts; the query as it may be shown. */
  readonly parts: {
    readonly scheme: string
    readonly host: string
    readonly port: number
    readonly path: string
    readonly query: string
  }
  /** How the server is reached, and why so. */
  readonly route: { readonly kind: string; readonly why: string }
  /** Whether it may be connected to, as far as that is known without a look-up. */
  readonly guard: GuardPreview
  /** Which connection it would get, as things stand. */
  readonly connection: PoolPreview
  /** The head as it would be written, in order. */
  readonly fields: readonly ExplainedField[]
  /** The body. */
  readonly body: {
    readonly kind: OutgoingBody['kind'] | 'file'
    /** In bytes; undefined where it is not known. */
    readonly length: number | undefined
    /** The media type that it brings along. */
    readonly contentType: string | undefined
    /** Whether a retry or a redirect may send it again. */
    readonly isReplayable: boolean
  }
  /** Who you would be, and who says so. */
  readonly auth: ExplainedAuth
  /** Each timeout. */
  readonly timeouts: readonly ExplainedTimeout[]
  /** Each layer that it goes through, the outermost first, and what it would do. */
  readonly layers: readonly { readonly name: string; readonly does: string }[]
  /** The whole for people, in lines. */
  toString(): string
}

/** What an explanation is made of. */
export interface ExplanationParts {
  readonly request: OutgoingRequest
  readonly place: { readonly scheme: string; readonly host: string; readonly port: number }
  readonly route: { readonly kind: string; readonly why: string }
  /** Undefined where it is not known yet which they are. */
  readonly proxies: readonly ProxyServer[] | undefined
  readonly connection: PoolPreview
  readonly isFile: boolean
  /** The fields of the package, of the client's options, and of the request's. */
  readonly builtIn: readonly FieldLine[]
  readonly clientFields: readonly FieldLine[]
  /** What is known of who was asked for where. */
  readonly spaces: ProtectionSpaces
  readonly clientOptions: ClientOptions
  readonly requestOptions: SharedOptions
  readonly layers: readonly string[]
  /** What is said of a layer by its name, in the place of what it does in general. */
  readonly notes: Readonly<Record<string, string>>
  /** What the request has besides for a proxy that it is sent to as it is. */
  readonly toProxy: readonly FieldLine[]
  /** What is added to it of who we are to that proxy. */
  readonly who: FieldLine | undefined
  /** Whether the Cookie field has cookies of the jar. */
  readonly hasJarCookies: boolean
  /** The field whose value is drawn when it is sent. */
  readonly drawnKey: string | undefined
}

const INSPECT: unique symbol = Symbol.for('nodejs.util.inspect.custom') as never

/** Makes the explanation. */
export function explain(parts: ExplanationParts): Explanation {
  const { request, place, route, connection } = parts
  const url = new URL(request.url)
  const auth = explainAuth(request, parts.spaces)
  const notes: Readonly<Record<string, string>> = { ...parts.notes, auth: auth.does }
  const plain = {
    method: request.method,
    url: maskText(request.url),
    parts: { ...place, path: maskText(url.pathname), query: maskText(url.search) },
    route,
    guard: explainGuard(parts),
    connection,
    fields: explainFields(parts, auth),
    body: explainBody(request.body, parts.isFile),
    auth,
    timeouts: explainTimeouts(parts),
    layers: parts.layers.map((name) => ({
      name,
      does:
        ownMember(notes, name) ?? ownMember(LAYERS, name)?.(request.settings as ClientSettings) ?? 'your own',
    })),
  } satisfies Explanation
  const shown = (): string => format(plain)
  Object.defineProperties(plain, {
    toString: { value: shown },
    [INSPECT]: { value: shown },
  })
  return freezeDeep(plain)
}

function explainGuard({ request, place, clientOptions, proxies }: ExplanationParts): GuardPreview {
  const { guard } = (request.settings as ClientSettings).connection
  const { socketPath } = clientOptions
  if (guard !== undefined && proxies === undefined)
    return { decision: 'after DNS', why: 'which proxy it goes by is not known yet' }
  const hops = proxies?.map((proxy) => ({ ...proxy, looksUpByItself: looksUpByItself(proxy) }))
  return previewGuard(guard, { ...place, socketPath }, request.url, hops)
}

function explainFields(
  { request, builtIn, clientFields, toProxy, who, hasJarCookies, drawnKey, isFile }: ExplanationParts,
  auth: ExplainedAuth,
): ExplainedField[] {
  const own = request.fields
  const ahead: FieldLine | undefined = auth.ahead === undefined ? undefined : ['Authorization', MASK]
  // As the layers do it, one after the other.
  const given = withLine(withLine(own, ahead), who)
  const sent = withChanges(request, { fields: given })
  // A file is measured when it is sent.
  const head = completeHead(sent)
  checkHead(sent, head, (request.settings as ClientSettings).connection.tolerances)
  const { fields } = head
  const fromOf = ([name]: FieldLine): ExplainedField['from'] => {
    const lower = name.toLowerCase()
    if (lower === 'authorization' && auth.ahead !== undefined) return auth.from === 'url' ? 'url' : 'auth'
    if (lower === who?.[0].toLowerCase() || hasField(toProxy, lower)) return 'proxy'
    if (lower === 'cookie' && hasJarCookies) return 'jar'
    if (lower === drawnKey?.toLowerCase()) return 'retry'
    if (hasField(own, lower)) return 'request'
    if (hasField(clientFields, lower)) return 'client'
    if (hasField(builtIn, lower)) return 'default'
    return lower === 'content-type' || lower === 'content-length' ? 'body' : 'protocol'
  }
  const shown = fields.map((line) => ({
    name: line[0],
    value: maskField(line[0], line[1]),
    from: fromOf(line),
  }))
  return isFile ? shown.filter(({ name, from }) => from !== 'body' || name !== 'Content-Length') : shown
}

function withLine(fields: readonly FieldLine[], line: FieldLine | undefined): readonly FieldLine[] {
  return line === undefined ? fields : withFieldAfterHost(fields, line)
}

function explainBody(body: OutgoingBody, isFile: boolean): Explanation['body'] {
  if (isFile) return { kind: 'file', length: undefined, contentType: undefined, isReplayable: true }
  return {
    kind: body.kind,
    length: body.kind === 'none' ? 0 : body.length,
    contentType: body.kind === 'none' ? undefined : body.contentType,
    isReplayable: body.kind !== 'chunks' || body.isReplayable,
  }
}

const PHASES = ['queue', 'dns', 'connect', 'tls', 'send', 'headers', 'body', 'total'] as const

function explainTimeouts({ request, clientOptions, requestOptions }: ExplanationParts): ExplainedTimeout[] {
  const { timeouts, queueMs } = request.settings as ClientSettings
  return PHASES.map((phase) => ({
    phase,
    ms: phase === 'queue' ? queueMs : timeouts[phase],
    from: says(requestOptions, phase) ? 'request' : says(clientOptions, phase) ? 'client' : 'default',
  }))
}

function says({ timeout }: SharedOptions<object>, phase: keyof ClientTimeouts): boolean {
  if (typeof timeout === 'number') return phase === 'total'
  return timeout !== undefined && Object.hasOwn(timeout, phase) && timeout[phase] !== undefined
}

/** What each built-in layer would do, in words. */
const LAYERS: Readonly<Record<string, (settings: ClientSettings) => string>> = {
  events: () => 'tells listeners of the diagnostics channels',
  onError: () => 'asks the hook onError about what failed for good',
  context: () => 'puts the context of the request on its errors',
  throwOnError: ({ throwOnError }) =>
    typeof throwOnError === 'function'
      ? 'asks throwOnError about the response'
      : 'throws a status of 400 or more',
  hooks: () => 'calls beforeRequest and afterResponse for each attempt',
  redirect: ({ redirect }) =>
    `follows up to ${redirect?.limit} redirects${redirect?.downgrade === true ? ', from https to http too' : ''}`,
  retry: ({ retry }) =>
    retry?.limit === 0 ? 'sends it once' : `tries again up to ${retry?.limit} times, where that is safe`,
  hsts: () => 'asks over https where the host is known to ask for it',
  hstsNotes: () => 'notes what Strict-Transport-Security says',
  decompress: ({ decompress }) => `decodes the body, up to ${decompress?.maxBytes} bytes`,
  progress: () => 'tells onProgress how far the bodies have come',
  minSpeed: ({ minSpeed }) =>
    `gives up below ${minSpeed?.bytesPerSecond} bytes/s over ${minSpeed?.overMs} ms`,
  pool: () => 'gives it a connection',
}

function format(plan: Explanation): string {
  const { method, url, route, guard, connection, fields, body, auth, timeouts, layers } = plan
  const kind = body.kind === 'bytes' ? '' : `${body.kind}, `
  const size = body.length === undefined ? 'of unknown length' : `${body.length} bytes`
  const replay = body.isReplayable ? 'can be sent again' : 'can be sent once'
  return [
    `${method} ${url}`,
    `  route       ${route.kind}: ${route.why}`,
    `  guard       ${guard.decision}: ${guard.why}`,
    `  connection  ${connection.action}: ${connection.why}`,
    `  body        ${body.kind === 'none' ? 'none' : `${kind}${size}, ${replay}`}`,
    `  auth        ${auth.does}`,
    '  fields',
    ...fields.map(({ name, value, from }) => `    ${name}: ${value}  (${from})`),
    '  timeouts',
    ...timeouts.map(
      ({ phase, ms, from }) => `    ${phase.padEnd(8)} ${ms === Infinity ? 'none' : `${ms} ms`}  (${from})`,
    ),
    '  layers',
    ...layers.map(({ name, does }) => `    ${name}: ${does}`),
  ].join('\n')
}

/** The options of a client and of its requests, as types; the table of `options.ts` has what they take and their defaults. */

import type { Layer } from '../core/handler.ts'
import type { HeadersInput } from '../core/headers.ts'
import type { RequestBody, TrailerSource } from '../core/outgoing-body.ts'
import type { OutgoingRequest } from '../core/request.ts'
import type { ExpectContinueOption } from '../core/request-options.ts'
import type { HTTPResponse, InformationalResponse } from '../core/response.ts'
import type { CookieJarLike, HstsStore, Progress, SpeedLimit } from '../core/settings.ts'
import type { Timeouts } from '../core/timeouts.ts'
import type { TlsOptions } from '../core/tls-options.ts'
import type { LimitOptions } from '../h1/limits.ts'
import type { ToleranceOptions } from '../h1/tolerances.ts'
import type { Connector } from '../io/dial.ts'
import type { Lookup } from '../io/lookup.ts'
import type { AuthOption } from '../layers/auth/option.ts'
import type { GuardFunction } from '../layers/guard/guard.ts'
import type { PoolLimitOptions } from '../pool/limits.ts'
import type { PoolWarning } from '../pool/pooled-body.ts'
import type { Clock } from '../time/clock.ts'
import type { Random } from '../time/random.ts'
import type { RedirectEvent, RetryEvent } from './events.ts'

/** Header fields; `undefined` as a value takes a default away. */
export type ClientHeaders = HeadersInput

/** A value of the query or of a form: `null` is empty, `undefined` leaves it out, a list repeats the name. */
export type QueryValue = string | number | bigint | boolean | Date | null | undefined

/** An object of values: also one whose type is an interface, which has no index signature. */
export type QueryObject<T> = object & { readonly [K in keyof T]: QueryValue | readonly QueryValue[] }

type AnyQueryObject = Readonly<Record<string, QueryValue | readonly QueryValue[]>>

/** What is taken for a query or a form: an object, pairs, or `URLSearchParams`. */
export type QueryInput<Q = AnyQueryObject> = Q | Iterable<readonly [string, QueryValue]>

/** Timeouts by phase, in milliseconds: those of a connection, and two more. `Infinity` for none. */
export interface ClientTimeouts extends Timeouts {
  /** Waiting for a connection that is neither free nor being opened. Default 60 s. */
  readonly queue?: number | undefined
  /** A body that moves more slowly than this, in either direction, is given up. Default: none. */
  readonly minSpeed?: SpeedLimit | undefined
}

/** How redirects are followed. */
export interface RedirectOptions {
  /** How many in a row. Default 20. */
  readonly limit?: number | undefined
  /** Whether `https` may lead to `http`. Default false. */
  readonly downgrade?: boolean | undefined
  /** Origins (`https://sso.example.com`) that are given every field, as the first one is. Default: none. */
  readonly keepCredentialsFor?: readonly string[] | undefined
  /** Names of fields that go to other origins, too. Default: none. */
  readonly keepHeaders?: readonly string[] | undefined
  /** Statuses among 301, 302 and 303 after which a POST stays a POST, with its body. Default: none (RFC 9110 §15.4). */
  readonly keepPostAfter?: readonly number[] | undefined
}

/** When a request is sent again. */
export interface RetryOptions {
  /** How many times, after the first. Default 2. */
  readonly limit?: number | undefined
  /** Methods that may be sent again although the server may have acted. Default GET HEAD PUT DELETE OPTIONS TRACE. */
  readonly methods?: readonly string[] | undefined
  /** Statuses after which it is sent again. Default 408 429 500 502 503 504. */
  readonly statuses?: readonly number[] | undefined
  /** A wait is drawn between 0 and `firstMs`, doubled for each attempt, at most `maxMs`. Default 300 ms and 10 s. */
  readonly backoff?:
    | { readonly firstMs?: number | undefined; readonly maxMs?: number | undefined }
    | undefined
  /** A longer `Retry-After` than this ends the attempts, in milliseconds. Default 60 s. */
  readonly maxRetryAfterMs?: number | undefined
  /**
   * Sends a field with a value that is drawn once for all attempts, which makes any method safe to be sent again: its name, or
   * true for `Idempotency-Key`. Default false.
   */
  readonly idempotencyKey?: boolean | string | undefined
}

/** Who we are to a proxy: sent with the first request, or what answers its challenge. */
export type ProxyAuth =
  | readonly [user: string, password: string]
  | {
      /** Is sent with each request to the proxy (RFC 7617). */
      readonly basic: readonly [user: string, password: string]
    }
  | {
      /** Answers the proxy's challenge (RFC 7616). */
      readonly digest: readonly [user: string, password: string]
    }

/** A proxy with what there is to be said of it. */
export interface ProxyOptions {
  /** `http://`, `https://`, `socks5h://`, `socks5://`, `socks4a://` or `socks4://`, host and port; userinfo is who we are. */
  readonly url: string | URL
  /** Who we are to it, instead of the userinfo. `[user, password]` is basic, or the way of SOCKS. */
  readonly auth?: ProxyAuth | undefined
  /** Whom to trust as an `https` proxy, and who we are to it. Default: as for servers without the option `tls`. */
  readonly tls?: TlsOptions | undefined
  /** Asks it for a tunnel for `http` URLs, too. Default false: such a request is sent to it as it is. */
  readonly tunnel?: boolean | undefined
  /** Fields that it is told, with CONNECT and with a request that is sent to it as it is; not for SOCKS. Default: none. */
  readonly headers?: ClientHeaders | undefined
}

/** A proxy, or a list of them: the first is connected to, and leads to the next. */
export type ProxyInput = string | URL | ProxyOptions | readonly (string | URL | ProxyOptions)[]

/** Proxies by the scheme of the URL that is asked for. */
export interface ProxiesByScheme {
  /** For `http` URLs. Default: none. */
  readonly http?: ProxyInput | false | undefined
  /** For `https` URLs. Default: none. */
  readonly https?: ProxyInput | false | undefined
  /** Hosts that are reached directly, as in NO_PROXY: a list, or a string with commas. Default: none. */
  readonly no?: string | readonly string[] | undefined
  /** One proxy has a URL, and proxies by scheme have none. */
  readonly url?: never
}

/** What chooses a proxy for each URL, redirects and further attempts included; undefined or false is the direct way. */
export type ProxyFunction = (url: URL) => ProxyAnswer | Promise<ProxyAnswer>

type ProxyAnswer = ProxyInput | false | null | undefined

/** What the option `proxy` takes; the string `environment` is what the environment says. */
export type ProxyOption = false | ProxyInput | ProxiesByScheme | ProxyFunction

/** How much a coded body may come to. */
export interface DecompressOptions {
  /** Decoded bytes of a body. Default 1 GiB. */
  readonly maxBytes?: number | undefined
  /** Decoded bytes for each coded one, above 1 MiB. Default 1,000. */
  readonly maxRatio?: number | undefined
  /** Codings laid over each other. Default 3. */
  readonly maxChain?: number | undefined
}

/** A guard, and the proxies that it does not judge. */
export interface GuardOptions {
  /** `'public-only'`, or a function that answers true for an address that may be connected to. */
  readonly policy: 'public-only' | GuardFunction
  /** Proxies (`proxy.corp:3128`) that may be connected to wherever they are, and look names up by themselves. Default: none. */
  readonly proxies?: readonly string[] | undefined
}

/** The limits of a connection, and two of a client. */
export interface ClientLimits extends LimitOptions {
  /** Decoded bytes that `text() json() bytes() read()` gather. Default 2 GiB. */
  readonly body?: number | undefined
  /** Bytes of an unread body that are read so that its connection can be used again; of the client only. Default 64 KiB. */
  readonly drain?: number | undefined
}

/** Functions that are called on the way of a request; those that may be async are waited for. */
export interface Hooks {
  /** Before a request goes out, each attempt and each redirect by itself; may give another request to be sent. */
  readonly beforeRequest?: ((request: OutgoingRequest) => HookResult<OutgoingRequest>) | undefined
  /** After the head of its response has come; may give another response. */
  readonly afterResponse?:
    | ((response: HTTPResponse, request: OutgoingRequest) => HookResult<HTTPResponse>)
    | undefined
  /** Before a request is sent again. */
  readonly onRetry?: ((event: RetryEvent) => unknown) | undefined
  /** Before a redirect is followed. */
  readonly onRedirect?: ((event: RedirectEvent) => unknown) | undefined
  /** After a request has failed for good; may give another error to be thrown. */
  readonly onError?: ((error: unknown, request: OutgoingRequest) => HookResult<unknown>) | undefined
}

type HookResult<T> = T | undefined | void | Promise<T | undefined | void>

/** What a client and each of its requests take. */
export interface SharedOptions<Q = AnyQueryObject> {
  /** What relative URLs are joined to, by the rules of WHATWG URL: ends in `/`, or its last segment would be replaced. */
  readonly baseUrl?: string | URL | undefined
  /** Header fields. Those of a request take the place of the client's of the same name. */
  readonly headers?: ClientHeaders | undefined
  /** Appended to the query of the URL. */
  readonly query?: QueryInput<Q> | undefined
  /** The timeout of the whole in milliseconds, or timeouts by phase. */
  readonly timeout?: number | ClientTimeouts | undefined
  /** Calls it off: what waits rejects with `signal.reason`. */
  readonly signal?: AbortSignal | undefined
  /** False gives a 3xx itself; a number is the limit. Default: at most 20 are followed, not from https to http. */
  readonly redirect?: boolean | number | RedirectOptions | undefined
  /** False sends once; a number is that of further attempts. Default 2. */
  readonly retry?: boolean | number | RetryOptions | undefined
  /** False gives coded bodies as they come. Default: gzip, deflate, br (and zstd where Node has it) are decoded, within bounds. */
  readonly decompress?: boolean | DecompressOptions | undefined
  /**
   * Which addresses may be connected to, on every hop: `'public-only'` for those of the public internet, or a function that answers
   * true for one that may. Others are a `GuardError`, and nothing is connected to. A request may add to the guard of its client, and
   * not take it away. Default false: any.
   */
  readonly guard?: false | 'public-only' | GuardFunction | GuardOptions | undefined
  /**
   * Who you are: one way, or a list of which the strongest is taken that the server asks for; false for none. A request with an
   * Authorization field of its own is left as it is. Default: what the URL has in front of its host.
   */
  readonly auth?: AuthOption | undefined
  /**
   * False for none, a proxy, proxies by scheme, or a function of the URL. Default: what `http_proxy`, `https_proxy`, `all_proxy`
   * and `no_proxy` of the environment say when the client is made.
   */
  readonly proxy?: ProxyOption | undefined
  /**
   * True keeps cookies, and sends them, in a jar of this client and those that extend it; a `CookieJar` of tough-cookie is used
   * as it is. Default false.
   */
  readonly cookies?: boolean | CookieJarLike | undefined
  /**
   * True remembers which hosts ask for https (Strict-Transport-Security, RFC 6797), in the memory of this client and those that
   * extend it, and asks them over https alone; a store is used in its place. Default false.
   */
  readonly hsts?: boolean | HstsStore | undefined
  /**
   * Whether a status of 400 or more is thrown as `StatusError`; a function decides by the response. Default: true for the verbs
   * called on the promise (`get(url).json()`), false for `await get(url)`.
   */
  readonly throwOnError?: boolean | ((response: HTTPResponse) => boolean) | undefined
  /** How much a peer may send of each element; see docs/tolerances.md. */
  readonly limits?: ClientLimits | undefined
  /** Named departures from the strict reading of heads; see docs/tolerances.md. */
  readonly tolerances?: ToleranceOptions | undefined
  /** Whom to trust and who you are. */
  readonly tls?: TlsOptions | undefined
  /** Anything: reaches layers, hooks, errors and events untouched. */
  readonly context?: unknown
  /** Is told of each 1xx response. */
  readonly onInformational?: ((response: InformationalResponse) => void) | undefined
  /** Is told how far the bodies of request and response have come; a promise is waited for. */
  readonly onProgress?: ((progress: Progress) => void | Promise<void>) | undefined
  /** Who is told what happens. */
  readonly hooks?: Hooks | undefined
}

/** What a request takes. `Q` and `F` are the types of the objects that are given as `query` and `form`. */
export interface ClientRequestOptions<Q = AnyQueryObject, F = AnyQueryObject> extends SharedOptions<Q> {
  /** The method of `request()`. Default GET. */
  readonly method?: string | undefined
  /** The body: text, bytes, a form, a Blob, a stream, an iterable, a file, or a function that makes one. */
  readonly body?: RequestBody
  /** A value that is sent as JSON. */
  readonly json?: unknown
  /** Fields that are sent as `application/x-www-form-urlencoded`. */
  readonly form?: QueryInput<F> | undefined
  /** Fields to be sent after the body, or what gives them. */
  readonly trailers?: TrailerSource
  /** Waits for a 100 (Continue) before the body. Default false. */
  readonly expectContinue?: ExpectContinueOption | undefined
  /** Sends the body chunked although its length is known. Default false. */
  readonly chunked?: boolean | undefined
}

/** The cache of names. */
export interface DnsOptions {
  /** False for none, or its bounds. Default: 256 names, each for 10 s. */
  readonly cache?:
    | boolean
    | {
        /** How many names. Default 256. */
        readonly maxEntries?: number | undefined
        /** How long an answer is good, in milliseconds. Default 10 s. */
        readonly ttlMs?: number | undefined
        /** How long after that it is still given while it is asked for again, in milliseconds. Default 0. */
        readonly staleMs?: number | undefined
      }
    | undefined
  /** Looks names up; the shape of `dns.lookup` with `all: true`. Default: `dns.lookup`. */
  readonly lookup?: Lookup | undefined
  /** 4 or 6 to use addresses of one family only. Default 0: both, side by side. */
  readonly family?: 0 | 4 | 6 | undefined
  /** How long an address is tried alone before the next one is tried beside it, in milliseconds. Default 250. */
  readonly attemptDelayMs?: number | undefined
}

/** Caps and times of the pool. */
export type ClientPoolOptions = Omit<PoolLimitOptions, 'queueMs' | 'drainBytes' | 'drainMs'> & {
  /** How many requests may be outstanding on one connection. Default 1. */
  readonly pipelining?: number | undefined
}

/**
 * What a client is made with. Its `query` is any object, so that one whose type is an interface is taken: a constructor that had to find
 * out the type of its options could not be given functions that use the client. Values that no query has are a TypeError at once.
 */
export interface ClientOptions extends SharedOptions<object> {
  /** Caps and times of the pool. */
  readonly pool?: ClientPoolOptions | undefined
  /** How names are looked up. */
  readonly dns?: DnsOptions | undefined
  /** Layers of your own, the outermost first; as `use()`. */
  readonly layers?: readonly Layer[] | undefined
  /**
   * Opens connections instead of the built-in way. It has as long as `timeout.connect` for each, name and TLS included; `signal` tells it when
   * no request has waited for a second, and what it gives later is closed.
   */
  readonly connect?: Connector | undefined
  /** Tells the time. Default: the machine's monotonic clock. */
  readonly clock?: Clock | undefined
  /** Draws what is random: boundaries, waits, keys. Default: `Math.random`. */
  readonly random?: Random | undefined
  /** The path of a unix socket to connect to; the URL still makes the Host field. */
  readonly socketPath?: string | undefined
  /** The address to connect from. */
  readonly localAddress?: string | undefined
  /** After how many milliseconds of silence the system asks whether the peer is still there; false for never. Default 60,000. */
  readonly keepAlive?: number | false | undefined
  /** Is told of responses that hold a connection and are not read. Default: a warning of the process, in development. */
  readonly onWarning?: ((warning: PoolWarning) => void) | undefined
}

/**
 * What a client has decided of one request before it is sent: its options, read once and complete. A layer reads its own
 * part of it, and nothing else of the caller's. Undefined stands for a feature that is switched off.
 */

import type { FieldLine } from './fields.ts'
import type { HTTPResponse } from './response.ts'
import type { InformationalResponse } from './response-head.ts'

/** How redirects are followed. */
export interface RedirectSettings {
  /** How many in a row; the next one is a `RedirectError`. */
  readonly limit: number
  /** Whether `https` may lead to `http`. */
  readonly downgrade: boolean
  /** Origins (`https://sso.example.com`) that are given everything, as the first one is. */
  readonly keepCredentialsFor: readonly string[]
  /** Names of fields, in lower case, that go to other origins, too. */
  readonly keepHeaders: readonly string[]
  /** Statuses among 301, 302 and 303 after which a POST stays one. */
  readonly keepPostAfter: readonly number[]
}

/** When a request is sent again. */
export interface RetrySettings {
  /** How many times, after the first. */
  readonly limit: number
  /** Methods that may be sent again although the server may have acted. */
  readonly methods: readonly string[]
  /** Statuses after which it is sent again. */
  readonly statuses: readonly number[]
  /** A wait is drawn between 0 and `firstMs` doubled for each attempt, at most `maxMs`. In milliseconds. */
  readonly backoff: { readonly firstMs: number; readonly maxMs: number }
  /** A longer `Retry-After` than this ends the attempts, in milliseconds. */
  readonly maxRetryAfterMs: number
  /** The name of the field that makes any method safe to be sent again, with a value drawn once; undefined for none. */
  readonly idempotencyKey: string | undefined
}

/** How much a coded body may come to. */
export interface DecompressSettings {
  /** Decoded bytes of a body. */
  readonly maxBytes: number
  /** Decoded bytes for each coded one, above 1 MiB. */
  readonly maxRatio: number
  /** Codings laid over each other. */
  readonly maxChain: number
}

/**
 * A credential, and the scheme that it is for. All but `scheme` are members that are not enumerable: `inspect` and JSON show no
 * secret.
 */
export type AuthCredential = BasicCredential | DigestCredential | BearerCredential

/** A user and a password for Basic. */
export interface BasicCredential {
  /** The scheme. */
  readonly scheme: 'basic'
  /** The user. */
  readonly user: string
  /** The password. */
  readonly password: string
  /** The value of the Authorization field. */
  readonly value: string
}

/** A user and a password for Digest. */
export interface DigestCredential {
  /** The scheme. */
  readonly scheme: 'digest'
  /** The user. */
  readonly user: string
  /** The password. */
  readonly password: string
}

/** A token for Bearer. */
export interface BearerCredential {
  /** The scheme. */
  readonly scheme: 'bearer'
  /** The token, or what gives it. */
  readonly token: string | (() => string | Promise<string>)
  /** The value of the Authorization field; undefined where a function gives the token. */
  readonly value?: string
}

/** What a request is authenticated with, where it has no Authorization field of its own. */
export interface AuthSettings {
  /** In the order in which they were said; empty where a netrc file has to be asked. */
  readonly credentials: readonly AuthCredential[]
  /** The one that is sent without being asked for; undefined for none: a challenge is waited for. */
  readonly ahead: AuthCredential | undefined
  /** Whether a netrc file is asked, too; what it says counts after the credentials. */
  readonly readsNetrc: boolean
  /** Its path; undefined for the user's own. */
  readonly netrcPath: string | undefined
  /** Where they were said. */
  readonly from: 'option' | 'url' | 'netrc'
  /** The origin that they are for; undefined for whichever is asked. */
  readonly origin: string | undefined
}

/** A speed below which a transfer is given up. */
export interface SpeedLimit {
  /** Bytes a second, on average over `overMs`. */
  readonly bytesPerSecond: number
  /** Over how long, in milliseconds. */
  readonly overMs: number
}

/** How far a transfer has come. */
export interface Progress {
  /** `upload` for the body of the request, `download` for that of the response. */
  readonly phase: 'upload' | 'download'
  /** Bytes that went over so far: of a coded body, coded ones. */
  readonly bytes: number
  /** Bytes to come in all; undefined where it is not known. */
  readonly total: number | undefined
  /** The average speed so far, in bytes a second. */
  readonly bytesPerSecond: number
}

/** A jar of cookies: a `CookieJar` of tough-cookie, or anything with these methods. */
export interface CookieJarLike {
  /** The value of the Cookie field for a URL. */
  readonly getCookieString?: ((url: string) => string | Promise<string>) | undefined
  /** Keeps what a response of that URL has set: one Set-Cookie field, one character for each byte. */
  readonly setCookie: (field: string, url: string, options?: object) => unknown
}

/** What is known of a host by its Strict-Transport-Security field. */
export interface HstsPolicy {
  /** Until when it holds, in milliseconds since 1970. */
  readonly expiresAtMs: number
  /** Whether it holds for all names below the host, too. */
  readonly includeSubDomains: boolean
}

/** Keeps which hosts are asked over https alone. Each method may give a promise. */
export interface HstsStore {
  /** What is known of exactly this name: in lower case, without a dot at its end, in A-labels; undefined or null for nothing. */
  readonly get: (host: string) => HstsPolicy | null | undefined | Promise<HstsPolicy | null | undefined>
  /** Keeps what is known of a name, in the place of what was known of it. */
  readonly set: (host: string, policy: HstsPolicy) => unknown
  /** Forgets a name. */
  readonly delete: (host: string) => unknown
}

/** What takes the place of fields: their names in lower case, and the one value of each; undefined for none. */
export type FieldChanges = readonly (readonly [name: string, value: string | undefined])[]

/** A redirect that is going to be followed. */
export interface NextHop {
  /** Where it leads, without userinfo and fragment. */
  readonly url: URL
  /** Location named a user or a password. */
  readonly hadUserinfo: boolean
  readonly method: string
  /** The request's own fields, as far as they go along. */
  readonly fields: readonly FieldLine[]
  readonly redirect: HTTPResponse
}

/** The settings of one request. One object serves all requests that say nothing of their own. */
export interface RequestSettings {
  /** How redirects are followed; undefined for not at all. */
  readonly redirect: RedirectSettings | undefined
  /** When it is sent again. */
  readonly retry: RetrySettings | undefined
  /** How coded bodies are decoded; undefined for not at all. */
  readonly decompress: DecompressSettings | undefined
  /** What it is authenticated with; false and undefined for nothing, false also where the URL has credentials. */
  readonly auth: AuthSettings | false | undefined
  /** The jar that cookies come from and go to; true for that of the client, undefined for none. */
  readonly cookies: true | CookieJarLike | undefined
  /** What keeps the hosts that are asked over https alone; true for the store of the client, undefined for none. */
  readonly hsts: true | HstsStore | undefined
  /** Whether a response is thrown as `StatusError`; undefined where neither client nor request says so. */
  readonly throwOnError: boolean | ((response: HTTPResponse) => boolean) | undefined
  /** How long to wait for a connection, in milliseconds. */
  readonly queueMs: number
  /** The speed below which a transfer is given up; undefined for none. */
  readonly minSpeed: SpeedLimit | undefined
  /** How many decoded bytes of a body are gathered, by `text()` and its kin. */
  readonly maxBodyBytes: number
  /** Is told of each 1xx response. */
  readonly onInformational: ((response: InformationalResponse) => void) | undefined
  /** Is told how far the bodies have come; a promise is waited for. */
  readonly onProgress: ((progress: Progress) => void | Promise<void>) | undefined
  /** The caller's own: reaches layers, hooks, errors and events untouched. */
  readonly context: unknown
  /** What decides over which connection it goes; for the client alone. */
  readonly connection: object
  /** A redirect that would drop a body which can be sent once is refused, unless it is a 303: what the Fetch standard asks for. */
  readonly refusesToDropBody?: boolean | undefined
  /** No more of the request is sent once its answer is complete: the source is given back, and the connection given up. */
  readonly endsWithAnswer?: boolean | undefined
  /** Is asked before each redirect is followed: throws where that URL may not be gone to, and says what is said there. */
  readonly checkRedirect?: ((hop: NextHop) => FieldChanges | undefined) | undefined
  /** After a 421 it is sent once more, over another connection (RFC 9110 §15.5.20), where its body can be. */
  readonly resendsMisdirected?: boolean | undefined
  /** Gives the fields for sending it once more, where it is sent again below its layers: see renewal.ts. */
  readonly renewFields?: ((fields: readonly FieldLine[]) => readonly FieldLine[]) | undefined
  /** Goes only over a connection that is opened for it. */
  readonly needsFresh?: boolean | undefined
}

/**
 * What a client tells of itself to its subscribers, by `node:diagnostics_channel`: nothing is made and nothing is measured
 * while there is none. One object stands for a request in all of its events.
 *
 * Security: no query, no userinfo, no field and no body is in an event.
 */

import type { Channel } from 'node:diagnostics_channel'
import { continued, continuingOf, handlerOf } from '../core/continuation.ts'
import type { Handler, Layer } from '../core/handler.ts'
import type { OutgoingRequest } from '../core/request.ts'
import type { HTTPResponse, Timings } from '../core/response.ts'
import { lateModule } from '../core/runtime.ts'
import { shownUrl } from '../core/shown-url.ts'
import { addContext, HTTPException } from '../errors/exception.ts'

/** A request, in all events of it the same object: keep what you know of it in a WeakMap. */
export interface RequestInfo {
  /** A number that no other request of the process has. */
  readonly id: number
  /** The method as it was asked for. */
  readonly method: string
  /** Origin and path: no query, no userinfo. */
  readonly url: string
  /** The option `context`, as it was given. */
  readonly context: unknown
}

/** The message of `httplib:request`: a request begins. */
export interface RequestEvent {
  /** Which request. */
  readonly request: RequestInfo
}

/** The message of `httplib:response`: the head of the response is there, after all redirects and attempts. */
export interface ResponseEvent {
  /** Which request. */
  readonly request: RequestInfo
  /** The status code. */
  readonly status: number
  /** The address of the peer; undefined where no server was asked. */
  readonly address: string | undefined
  /** The version of the response, such as `1.1`. */
  readonly httpVersion: string | undefined
  /** How long each phase took, in milliseconds. */
  readonly timings: Timings
  /** How many times it was sent to get this response. */
  readonly attempts: number
  /** How many redirects led to it. */
  readonly redirects: number
}

/** The message of `httplib:error`: a request has failed for good. */
export interface ErrorEvent {
  /** Which request. */
  readonly request: RequestInfo
  /** What the caller is told. */
  readonly error: unknown
}

/** The message of `httplib:retry`: a request is going to be sent again. */
export interface RetryEvent {
  /** Which request. */
  readonly request: RequestInfo
  /** Which attempt is over, from 1. */
  readonly attempt: number
  /** The wait before the next one, in milliseconds. */
  readonly afterMs: number
  /** Why it is sent again. */
  readonly why: string
  /** What the attempt failed with; undefined where its status was the reason. */
  readonly error: unknown
  /** The status of its response; undefined where there was none. */
  readonly status: number | undefined
}

/** The message of `httplib:redirect`: a redirect is going to be followed. */
export interface RedirectEvent {
  /** Which request. */
  readonly request: RequestInfo
  /** The status of the response that redirects. */
  readonly status: number
  /** Where it leads: no query, no userinfo. */
  readonly location: string
}

/** The message of `httplib:connection`: a connection was opened, or could not be. */
export interface ConnectionEvent {
  /** Scheme, host and port. */
  readonly origin: string
  /** How it is reached: `direct`, a unix socket. */
  readonly route: string
  /** The address that was dialled; undefined where it failed. */
  readonly address: string | undefined
  /** How long opening took, in milliseconds. */
  readonly elapsedMs: number
  /** Why it could not be opened; undefined where it was. */
  readonly error: unknown
}

/** The messages, by the name of the channel. */
export interface ClientEvents {
  /** A request begins. */
  readonly 'httplib:request': RequestEvent
  /** The head of its response is there. */
  readonly 'httplib:response': ResponseEvent
  /** It has failed for good. */
  readonly 'httplib:error': ErrorEvent
  /** It is going to be sent again. */
  readonly 'httplib:retry': RetryEvent
  /** A redirect is going to be followed. */
  readonly 'httplib:redirect': RedirectEvent
  /** A connection was opened, or could not be. */
  readonly 'httplib:connection': ConnectionEvent
}

// Not by a line of import: that would ask for all members of the module.
const { channel } = lateModule('node:diagnostics_channel')

const CHANNELS = {
  request: channel('httplib:request'),
  response: channel('httplib:response'),
  error: channel('httplib:error'),
  retry: channel('httplib:retry'),
  redirect: channel('httplib:redirect'),
  connection: channel('httplib:connection'),
} as const satisfies Record<string, Channel>

let requests = 0
const INFOS = new WeakMap<OutgoingRequest, RequestInfo>()

/** What stands for a request, whatever redirects, retries and layers have made of it. */
export function infoOf(request: OutgoingRequest): RequestInfo {
  const first = request.first ?? request
  let info = INFOS.get(first)
  if (info === undefined) {
    const { method, url, settings } = first
    info = Object.freeze({ id: ++requests, method, url: shownUrl(url), context: settings?.context })
    INFOS.set(first, info)
  }
  return info
}

/** Tells of requests, responses and errors: the outermost of the built-in layers. */
export const eventsLayer: Layer = (next) => {
  const inner = continuingOf(next)
  return handlerOf((request, after) => {
    const { request: begun, response, error } = CHANNELS
    return begun.hasSubscribers || response.hasSubscribers || error.hasSubscribers
      ? continued(told(next, request), after)
      : inner(request, after)
  })
}

/** Gives what a request fails with its context. */
export const contextLayer: Layer = (next) => (request) =>
  next(request).catch((error: unknown) => {
    const { signal } = request.deadlines
    // The reason of an abort is the caller's.
    const isAbort = signal?.aborted === true && error === signal.reason
    if (!isAbort && HTTPException.isHTTPException(error)) addContext(error, request.settings?.context)
    throw error
  })

async function told(next: Handler, request: OutgoingRequest): Promise<HTTPResponse> {
  const info = infoOf(request)
  const begun: RequestEvent = { request: info }
  CHANNELS.request.publish(begun)
  try {
    const response = await next(request)
    const { status, connection, timings, attempts, redirects } = response
    const event: ResponseEvent = {
      request: info,
      status,
      address: connection?.address,
      httpVersion: connection?.httpVersion,
      timings,
      attempts: attempts.length,
      redirects: redirects.length,
    }
    CHANNELS.response.publish(event)
    return response
  } catch (error) {
    const event: ErrorEvent = { request: info, error }
    CHANNELS.error.publish(event)
    throw error
  }
}

/** A request is going to be sent again. */
export function tellRetry(request: OutgoingRequest, event: Omit<RetryEvent, 'request'>): void {
  if (!CHANNELS.retry.hasSubscribers) return
  CHANNELS.retry.publish({ request: infoOf(request), ...event } satisfies RetryEvent)
}

/** A redirect is going to be followed. */
export function tellRedirect(request: OutgoingRequest, event: Omit<RedirectEvent, 'request'>): void {
  if (!CHANNELS.redirect.hasSubscribers) return
  CHANNELS.redirect.publish({ request: infoOf(request), ...event } satisfies RedirectEvent)
}

/** A connection was opened, or could not be. */
export function tellConnection(event: ConnectionEvent): void {
  if (CHANNELS.connection.hasSubscribers) CHANNELS.connection.publish(event)
}

/**
 * Requests that a proxy is sent as they are, with who we are to it: Basic with the first, Digest in answer to a 407. A body is
 * sent again by the rules of redirects; for one that can be sent once only, or is large, the proxy is asked before with a request
 * that it answers by itself.
 */

import type { DigestRequest } from '../auth/digest.ts'
import { type FieldLine, withFieldAfterHost } from '../core/fields.ts'
import { closeBody, isReplayable, lengthOf, type OutgoingBody, replayOf } from '../core/outgoing-body.ts'
import { withRenewal } from '../core/renewal.ts'
import { type OutgoingRequest, withChanges } from '../core/request.ts'
import type { HTTPResponse } from '../core/response.ts'
import type { ProxyIdentity } from '../transport/proxy-identity.ts'

type Send = (request: OutgoingRequest) => Promise<HTTPResponse>

/** Sends a request with a proxy's identity. The body is given back on every way out. */
export function exchangeAs(
  identity: ProxyIdentity,
  request: OutgoingRequest,
  send: Send,
): Promise<HTTPResponse> {
  const isOnce = !isReplayable(request.body)
  const isLarge = (lengthOf(request.body) ?? Infinity) > MAX_REFUSED_BYTES
  // A nonce may be too old at any time. The connection is not to be used again then, so it is not used again at all.
  const own = isLarge && identity.isDigest ? onOwnConnection(request) : request
  if ((isOnce || isLarge) && !identity.isReady) return askFirst(identity, own, send, isOnce)
  return exchangeOnce(identity, own, send, isOnce)
}

/** A larger body is not sent to be refused: squid 5 does not read one to its end after a 407, nor anything after it. */
const MAX_REFUSED_BYTES = 65_536

/** On a connection that serves nothing after it. */
function onOwnConnection(request: OutgoingRequest): OutgoingRequest {
  const isSaid = request.fields.some(([name, value]) => name === CLOSE[0] && value === CLOSE[1])
  return isSaid ? request : withChanges(request, { fields: [CLOSE, ...request.fields] })
}

const CLOSE: FieldLine = ['Connection', 'close']

/** @param answered - the field that answers a challenge which was asked for beforehand */
async function exchangeOnce(
  identity: ProxyIdentity,
  request: OutgoingRequest,
  send: Send,
  isOnce: boolean,
  answered?: FieldLine,
): Promise<HTTPResponse> {
  const digested = digestedOf(request)
  let { body } = request
  let authorization = answered ?? identity.fieldFor(digested)
  for (let tries = answered === undefined ? 0 : 1; ; tries++) {
    // What is going to be refused: the proxy may close after its 407 without saying so, and no other request is to be lost by that.
    const isAwaited = authorization === undefined && identity.isDigest
    const { fields } = isAwaited ? onOwnConnection(request) : request
    const response = await send(
      authorization === undefined
        ? withChanges(request, { fields, body })
        : authorized(identity, withChanges(request, { fields, body }), authorization, digested),
    )
    if (response.status !== 407) {
      identity.heard(response.rawHeaders)
      return response
    }
    if (isOnce) {
      // The nonce may have been too old: with it, every other body of this kind would be refused as well.
      await identity.learn(response.rawHeaders)
      return response
    }
    authorization = await identity.answer(response.rawHeaders, digested, tries)
    if (authorization === undefined) return response
    response.abandon()
    body = replayOf(request.body)
  }
}

/** Each sending has an answer of its own: the pool may send a request again. */
function authorized(
  identity: ProxyIdentity,
  request: OutgoingRequest,
  line: FieldLine,
  digested: DigestRequest,
): OutgoingRequest {
  const own = withChanges(request, { fields: withFieldAfterHost(request.fields, line) })
  if (!identity.isDigest) return own
  return withRenewal(own, line, () => (identity.fieldFor(digested) ?? line)[1])
}

/**
 * OPTIONS that goes no farther than to the proxy (RFC 9110 §7.6.2), and does not say who we are: its challenge, before there is a body
 * to be lost. The nonce of it is used for that body alone at first: it may be good once only. The connection may
 * close after the 407 without a word of it, and is not used for the body.
 */
async function askFirst(
  identity: ProxyIdentity,
  request: OutgoingRequest,
  send: Send,
  isOnce: boolean,
): Promise<HTTPResponse> {
  let answered: FieldLine | undefined
  try {
    const question = withChanges(request, {
      method: 'OPTIONS',
      fields: [CLOSE, ['Max-Forwards', '0']],
      body: { kind: 'none' },
      trailers: undefined,
      chunked: false,
      expectContinueMs: undefined,
    })
    const response = await send(question)
    if (response.status === 407) answered = await identity.answer(response.rawHeaders, digestedOf(request), 0)
    response.abandon()
  } catch (error) {
    closeBody(request.body, error)
    throw error
  }
  return exchangeOnce(identity, request, send, isOnce, answered)
}

function digestedOf({ method, target, body }: OutgoingRequest): DigestRequest {
  return { method, uri: target, content: contentOf(body) }
}

/** What is hashed for `auth-int`; undefined where it is not at hand. */
function contentOf(body: OutgoingBody): Uint8Array | undefined {
  if (body.kind === 'none') return new Uint8Array(0)
  return body.kind === 'bytes' ? body.bytes : undefined
}

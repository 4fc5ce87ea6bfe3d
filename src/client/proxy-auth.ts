/**
 * Requests that a proxy is sent as they are, with who we are to it: Basic with the first, Digest in answer to a 407. A body is
 * sent again by the rules of redirects; for one that can be sent once only, or is large, the proxy is asked before with a request
 * that it answers by itself.
 */

import { withFieldAfterHost } from '../core/fields.ts'
import { closeBody, isReplayable, lengthOf, type OutgoingBody, replayOf } from '../core/outgoing-body.ts'
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
  const own =
    isLarge && identity.isDigest
      ? withChanges(request, { fields: [['Connection', 'close'], ...request.fields] })
      : request
  if ((isOnce || isLarge) && identity.awaitsChallenge) return askFirst(identity, own, send, isOnce)
  return exchangeOnce(identity, own, send, isOnce)
}

/** A larger body is not sent to be refused: squid 5 does not read one to its end after a 407, nor anything behind it. */
const MAX_REFUSED_BYTES = 65_536

async function exchangeOnce(
  identity: ProxyIdentity,
  request: OutgoingRequest,
  send: Send,
  isOnce: boolean,
): Promise<HTTPResponse> {
  const { method, target, fields } = request
  const digested = { method, uri: target, content: contentOf(request.body) }
  let authorization = identity.fieldFor(digested)
  for (let tries = 0; ; tries++) {
    const body = tries === 0 ? request.body : replayOf(request.body)
    const own = authorization === undefined ? fields : withFieldAfterHost(fields, authorization)
    const response = await send(withChanges(request, { fields: own, body }))
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
    response.close()
  }
}

/** OPTIONS that goes no farther than to the proxy (RFC 9110 §7.6.2): its challenge, before there is a body to be lost. */
async function askFirst(
  identity: ProxyIdentity,
  request: OutgoingRequest,
  send: Send,
  isOnce: boolean,
): Promise<HTTPResponse> {
  try {
    const question = withChanges(request, {
      method: 'OPTIONS',
      fields: [['Max-Forwards', '0']],
      body: { kind: 'none' },
      trailers: undefined,
      chunked: false,
      expectContinueMs: undefined,
    })
    const response = await exchangeOnce(identity, question, send, false)
    response.close()
  } catch (error) {
    closeBody(request.body, error)
    throw error
  }
  return exchangeOnce(identity, request, send, isOnce)
}

/** What is hashed for `auth-int`; undefined where nobody has it yet. */
function contentOf(body: OutgoingBody): Uint8Array | undefined {
  if (body.kind === 'none') return new Uint8Array(0)
  return body.kind === 'bytes' ? body.bytes : undefined
}

/**
 * What follows an answer, done in the reaction in which the answer is made. With `then` each layer around a handler would take a
 * reaction and a promise of its own, and those that wait in memory are most of what a request of a client costs.
 */

import type { Handler } from './handler.ts'
import type { OutgoingRequest } from './request.ts'
import type { HTTPResponse } from './response.ts'

/** What follows an answer: one of the two is called, once, in a reaction; what it throws is a rejection. */
export interface Continuation {
  answered(response: HTTPResponse): HTTPResponse | Promise<HTTPResponse>
  failed(error: unknown): HTTPResponse | Promise<HTTPResponse>
}

/** A handler that does itself what follows. What it throws at once is followed by nothing. */
export type ContinuingHandler = (
  request: OutgoingRequest,
  after: Continuation | undefined,
) => Promise<HTTPResponse>

/** By what a handler is to those who say nothing of what follows. */
const CONTINUING = new WeakMap<Handler, ContinuingHandler>()

/** The handler of one that does itself what follows. */
export function handlerOf(continuing: ContinuingHandler): Handler {
  const handler: Handler = (request) => continuing(request, undefined)
  CONTINUING.set(handler, continuing)
  return handler
}

/** A handler as one that can be told what follows, whether it does that itself or not. */
export function continuingOf(handler: Handler): ContinuingHandler {
  return CONTINUING.get(handler) ?? ((request, after) => continued(handler(request), after))
}

/** Lets something follow an answer that is on its way. */
export function continued(
  answer: Promise<HTTPResponse>,
  after: Continuation | undefined,
): Promise<HTTPResponse> {
  if (after === undefined) return answer
  return answer.then(
    (response) => after.answered(response),
    (error: unknown) => after.failed(error),
  )
}

/** To be called in a reaction: a response, and what follows it. */
export function followAnswer(
  response: HTTPResponse,
  after: Continuation | undefined,
): HTTPResponse | Promise<HTTPResponse> {
  return after === undefined ? response : after.answered(response)
}

/** To be called in a reaction: an error, and what follows it. */
export function followError(
  error: unknown,
  after: Continuation | undefined,
): HTTPResponse | Promise<HTTPResponse> {
  if (after === undefined) throw error
  return after.failed(error)
}

/**
 * What a client is made of: something that answers a request, and what may be laid around it.
 */

import type { OutgoingRequest } from './request.ts'
import type { HTTPResponse } from './response.ts'

/** Answers a request. */
export type Handler = (request: OutgoingRequest) => Promise<HTTPResponse>

/** Lays something around a handler. `next` may be called again once the first response is closed. */
export type Layer = (next: Handler) => Handler

/**
 * The constants of the module, those of both manuals, each under its own name, and its table of reason phrases. The numbers are
 * those of core/status.ts. Where RFC 9110 has found better names for four codes, the older ones are there, too.
 */

import { freezeDeep } from '../core/freeze.ts'
import { responses as currentResponses, status } from '../core/status.ts'

export { HTTP_PORT, HTTPS_PORT } from '../core/origin.ts'

export const CONTINUE: 100 = status.CONTINUE
export const SWITCHING_PROTOCOLS: 101 = status.SWITCHING_PROTOCOLS
export const PROCESSING: 102 = status.PROCESSING
export const EARLY_HINTS: 103 = status.EARLY_HINTS
export const OK: 200 = status.OK
export const CREATED: 201 = status.CREATED
export const ACCEPTED: 202 = status.ACCEPTED
export const NON_AUTHORITATIVE_INFORMATION: 203 = status.NON_AUTHORITATIVE_INFORMATION
export const NO_CONTENT: 204 = status.NO_CONTENT
export const RESET_CONTENT: 205 = status.RESET_CONTENT
export const PARTIAL_CONTENT: 206 = status.PARTIAL_CONTENT
export const MULTI_STATUS: 207 = status.MULTI_STATUS
export const ALREADY_REPORTED: 208 = status.ALREADY_REPORTED
export const IM_USED: 226 = status.IM_USED
export const MULTIPLE_CHOICES: 300 = status.MULTIPLE_CHOICES
export const MOVED_PERMANENTLY: 301 = status.MOVED_PERMANENTLY
export const FOUND: 302 = status.FOUND
export const SEE_OTHER: 303 = status.SEE_OTHER
export const NOT_MODIFIED: 304 = status.NOT_MODIFIED
export const USE_PROXY: 305 = status.USE_PROXY
export const TEMPORARY_REDIRECT: 307 = status.TEMPORARY_REDIRECT
export const PERMANENT_REDIRECT: 308 = status.PERMANENT_REDIRECT
export const BAD_REQUEST: 400 = status.BAD_REQUEST
export const UNAUTHORIZED: 401 = status.UNAUTHORIZED
export const PAYMENT_REQUIRED: 402 = status.PAYMENT_REQUIRED
export const FORBIDDEN: 403 = status.FORBIDDEN
export const NOT_FOUND: 404 = status.NOT_FOUND
export const METHOD_NOT_ALLOWED: 405 = status.METHOD_NOT_ALLOWED
export const NOT_ACCEPTABLE: 406 = status.NOT_ACCEPTABLE
export const PROXY_AUTHENTICATION_REQUIRED: 407 = status.PROXY_AUTHENTICATION_REQUIRED
export const REQUEST_TIMEOUT: 408 = status.REQUEST_TIMEOUT
export const CONFLICT: 409 = status.CONFLICT
export const GONE: 410 = status.GONE
export const LENGTH_REQUIRED: 411 = status.LENGTH_REQUIRED
export const PRECONDITION_FAILED: 412 = status.PRECONDITION_FAILED
export const CONTENT_TOO_LARGE: 413 = status.CONTENT_TOO_LARGE
export const REQUEST_ENTITY_TOO_LARGE: 413 = status.REQUEST_ENTITY_TOO_LARGE
export const URI_TOO_LONG: 414 = status.URI_TOO_LONG
export const REQUEST_URI_TOO_LONG: 414 = status.REQUEST_URI_TOO_LONG
export const UNSUPPORTED_MEDIA_TYPE: 415 = status.UNSUPPORTED_MEDIA_TYPE
export const RANGE_NOT_SATISFIABLE: 416 = status.RANGE_NOT_SATISFIABLE
export const REQUESTED_RANGE_NOT_SATISFIABLE: 416 = status.REQUESTED_RANGE_NOT_SATISFIABLE
export const EXPECTATION_FAILED: 417 = status.EXPECTATION_FAILED
export const IM_A_TEAPOT: 418 = status.IM_A_TEAPOT
export const MISDIRECTED_REQUEST: 421 = status.MISDIRECTED_REQUEST
export const UNPROCESSABLE_CONTENT: 422 = status.UNPROCESSABLE_CONTENT
export const UNPROCESSABLE_ENTITY: 422 = status.UNPROCESSABLE_ENTITY
export const LOCKED: 423 = status.LOCKED
export const FAILED_DEPENDENCY: 424 = status.FAILED_DEPENDENCY
export const TOO_EARLY: 425 = status.TOO_EARLY
export const UPGRADE_REQUIRED: 426 = status.UPGRADE_REQUIRED
export const PRECONDITION_REQUIRED: 428 = status.PRECONDITION_REQUIRED
export const TOO_MANY_REQUESTS: 429 = status.TOO_MANY_REQUESTS
export const REQUEST_HEADER_FIELDS_TOO_LARGE: 431 = status.REQUEST_HEADER_FIELDS_TOO_LARGE
export const UNAVAILABLE_FOR_LEGAL_REASONS: 451 = status.UNAVAILABLE_FOR_LEGAL_REASONS
export const INTERNAL_SERVER_ERROR: 500 = status.INTERNAL_SERVER_ERROR
export const NOT_IMPLEMENTED: 501 = status.NOT_IMPLEMENTED
export const BAD_GATEWAY: 502 = status.BAD_GATEWAY
export const SERVICE_UNAVAILABLE: 503 = status.SERVICE_UNAVAILABLE
export const GATEWAY_TIMEOUT: 504 = status.GATEWAY_TIMEOUT
export const HTTP_VERSION_NOT_SUPPORTED: 505 = status.HTTP_VERSION_NOT_SUPPORTED
export const VARIANT_ALSO_NEGOTIATES: 506 = status.VARIANT_ALSO_NEGOTIATES
export const INSUFFICIENT_STORAGE: 507 = status.INSUFFICIENT_STORAGE
export const LOOP_DETECTED: 508 = status.LOOP_DETECTED
export const NOT_EXTENDED: 510 = status.NOT_EXTENDED
export const NETWORK_AUTHENTICATION_REQUIRED: 511 = status.NETWORK_AUTHENTICATION_REQUIRED

/** Reason phrase by status code: `responses[NOT_FOUND] === 'Not Found'`. Where the two manuals differ, it is today's. */
export const responses: Readonly<Record<number, string>> = freezeDeep({
  ...currentResponses,
  // Only the older manual has it.
  306: '(Unused)',
})

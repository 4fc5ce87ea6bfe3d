// What the classes are made of: the ways in which two outcomes differ, as conditions, and examples.

import type { ErrorCode } from '../../../src/error-table.ts'
import { latin1 } from '../../support/bytes.ts'
import type { Anatomy } from '../anatomy.ts'
import type { Disagreement } from '../class-row.ts'

type Condition = (disagreement: Disagreement) => boolean
type Feature = (anatomy: Anatomy) => boolean

export const NODE = 'node:http'
export const PYTHON = 'http.client'
export const CURL = 'curl'

/** We refuse with this code; they deliver a response, or would wait for more of it. */
export const weRefuse =
  (code: ErrorCode, feature: Feature): Condition =>
  ({ ours, theirs, anatomy }) =>
    ours.error === code && ['complete', 'waits'].includes(theirs.verdict) && feature(anatomy)

/** We deliver; they refuse with an error that looks so. */
export const theyRefuse =
  (error: RegExp, feature: Feature): Condition =>
  ({ ours, theirs, anatomy }) =>
    ours.verdict === 'complete' &&
    theirs.verdict === 'refused' &&
    error.test(theirs.error ?? '') &&
    feature(anatomy)

/** We deliver; they want more bytes, or take the end for an error. */
export const theyWantMore =
  (feature: Feature): Condition =>
  ({ ours, theirs, anatomy }) =>
    ours.verdict === 'complete' && theirs.verdict !== 'crashed' && feature(anatomy)

/** We refuse with an error of ours; they raise an error that is none of theirs. */
export const theyCrash =
  (feature: Feature): Condition =>
  ({ ours, theirs, anatomy }) =>
    ours.verdict === 'refused' && theirs.verdict === 'crashed' && feature(anatomy)

/** The second request: how it went with us, and with them. */
export const second =
  (ours: string, theirs: string, feature: Feature): Condition =>
  ({ difference, anatomy }) =>
    difference.ours === ours && difference.theirs === theirs && feature(anatomy)

export const KEPT = 'same connection'
export const NOT_KEPT = 'new connection'

/** A plain head with these field lines, and what stands behind it. */
export const ok = (lines: readonly string[], rest = ''): Buffer =>
  latin1(`HTTP/1.1 200 OK\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n${rest}`)

/** The same with a body of five bytes and a right Content-Length. */
export const hello = (...lines: readonly string[]): Buffer => ok([...lines, 'Content-Length: 5'], 'hello')

/** A chunked response. */
export const chunks = (rest: string, ...lines: readonly string[]): Buffer =>
  ok([...lines, 'Transfer-Encoding: chunked'], rest)

/** A response with this start line. */
export const started = (start: string): Buffer => latin1(`${start}\r\nContent-Length: 5\r\n\r\nhello`)

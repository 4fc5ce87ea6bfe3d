// What the classes are made of: the ways in which two outcomes differ, as conditions, and examples.

import type { ErrorCode } from '../../../../src/errors/table.ts'
import { latin1 } from '../../../support/bytes.ts'
import { type Anatomy, informationalStatuses, misreadsCoding } from '../anatomy.ts'
import type { Disagreement } from '../class-row.ts'
import { isBehindHead } from './faults.ts'

type Condition = (disagreement: Disagreement) => boolean
type Feature = (anatomy: Anatomy) => boolean

export const NODE = 'node:http'
export const PYTHON = 'http.client'
export const CURL = 'curl'

/** We refuse with this code; they deliver the same response, or would wait for more of it. */
export const weRefuse =
  (code: ErrorCode, feature: Feature): Condition =>
  (disagreement) => {
    const { client, ours, theirs, anatomy } = disagreement
    return (
      ours.error === code &&
      ['complete', 'waits'].includes(theirs.verdict) &&
      !endsAtInformational(disagreement) &&
      !(isBehindHead(code, anatomy) && misreadsCoding(client, anatomy)) &&
      feature(anatomy)
    )
  }

/** They delivered an informational response as the final one. */
export const endsAtInformational: Condition = ({ theirs, anatomy }) =>
  theirs.status !== 100 && informationalStatuses(anatomy).some((status) => status === theirs.status)

/** We deliver; they refuse with an error that looks so. */
export const theyRefuse =
  (error: RegExp, feature: Feature): Condition =>
  ({ ours, theirs, anatomy }) =>
    ours.verdict === 'complete' &&
    theirs.verdict === 'refused' &&
    error.test(theirs.error ?? '') &&
    feature(anatomy)

/** They read a body after an informational head, as its fields say. */
export const waitsForInformational: Condition = ({ client, anatomy }) =>
  client === PYTHON &&
  anatomy.informational.some((head) => !/^\S+\s+100/.test(head) && /\nTransfer-Encoding:/i.test(head))

/** We deliver; they want more bytes, or take the end for an error. */
export const theyWantMore =
  (feature: Feature): Condition =>
  (disagreement) => {
    const { ours, theirs, anatomy } = disagreement
    const isAtEnd = /^(?:IncompleteRead|RemoteDisconnected|ECONNRESET|LineTooLong|18 |52 )/.test(
      theirs.error ?? '',
    )
    return (
      ours.verdict === 'complete' &&
      (theirs.verdict === 'waits' || isAtEnd) &&
      !waitsForInformational(disagreement) &&
      feature(anatomy)
    )
  }

/** They raise an error that is none of theirs. */
export const theyCrash =
  (error: RegExp, feature: Feature): Condition =>
  ({ theirs, anatomy }) =>
    theirs.verdict === 'crashed' && error.test(theirs.error ?? '') && feature(anatomy)

/** The second request: how it went with us, and with them. */
export const second =
  (ours: string, theirs: string, feature: Feature): Condition =>
  ({ difference, anatomy }) =>
    difference.ours === ours && difference.theirs === theirs && feature(anatomy)

export const KEPT = 'same connection'
export const NOT_KEPT = 'new connection'

/** A plain head with these field lines, and what stands after it. */
export const ok = (lines: readonly string[], rest = ''): Buffer =>
  latin1(`HTTP/1.1 200 OK\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n${rest}`)

/** The same with a body of five bytes and a right Content-Length. */
export const hello = (...lines: readonly string[]): Buffer => ok([...lines, 'Content-Length: 5'], 'hello')

/** A chunked response. */
export const chunks = (rest: string, ...lines: readonly string[]): Buffer =>
  ok([...lines, 'Transfer-Encoding: chunked'], rest)

/** A response with this start line. */
export const started = (start: string): Buffer => latin1(`${start}\r\nContent-Length: 5\r\n\r\nhello`)

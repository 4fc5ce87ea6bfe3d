/**
 * Which error a ported `except` meets. The engine names faults by where they are in a message; Python has fewer names. Where a
 * ported handler would look for another class, the error is made one of that class, with the first one as its cause.
 */

import { escapeText } from '../core/escape.ts'
import { factsOf } from '../errors/exception.ts'
import { BadStatusLine, IncompleteRead, LimitExceeded, LineTooLong } from '../errors/index.ts'

/** The limits that stand in the place of Python's limit of a line: for the sizes of chunks, and for trailers. */
const LIMITS_OF_LINES: readonly string[] = ['maxChunkExtensionBytes', 'maxTrailerBytes']
const MAX_SHOWN_CHARACTERS = 256

/** The error as Python raises it; any other as it is. */
export function asPythonRaises(error: unknown): unknown {
  if (error instanceof IncompleteRead && error.code === 'INCOMPLETE_HEAD') {
    const text = error.partial.toString('latin1')
    // Half a status line is none. After a whole one the head is incomplete, here and nowhere in Python.
    if (!text.includes('\n')) {
      return new BadStatusLine(escapeText(text, MAX_SHOWN_CHARACTERS), { ...factsOf(error), cause: error })
    }
  }
  if (error instanceof LimitExceeded && LIMITS_OF_LINES.includes(error.limit)) {
    return new LineTooLong(error.maximum, { ...factsOf(error), offset: error.offset, cause: error })
  }
  return error
}

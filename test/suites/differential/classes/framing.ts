// Classes of what decides where a body ends (RFC 9112 §6), chunks excepted.

import {
  type Anatomy,
  codingsOf,
  hasPlainFraming,
  hasPlainInformational,
  hasTabBehindLength,
  isBodiless,
  isChunked,
  isFolded,
  lengthsOf,
  misreadsCoding,
  trailersOf,
} from '../anatomy.ts'
import type { ClassRow, Disagreement } from '../class-row.ts'
import {
  CURL,
  endsAtInformational,
  NODE,
  ok,
  PYTHON,
  theyCrash,
  theyRefuse,
  theyWantMore,
  weRefuse,
} from './differences.ts'
import { isBehindHead } from './faults.ts'

const HELLO = '5\r\nhello\r\n0\r\n\r\n'
const hasCoding = (anatomy: Anatomy): boolean => codingsOf(anatomy).length > 0
const hasCodingOfNothing = (anatomy: Anatomy): boolean => isBodiless(anatomy) && hasCoding(anatomy)
const hasMalformedLength = (anatomy: Anatomy): boolean =>
  lengthsOf(anatomy).some((value) => value.split(',').some((part) => !/^[ \t]*\d+[ \t]*$/.test(part)))
/** The Content-Length of both clients' reading is one number, written more than once. */
const repeatsLength = (anatomy: Anatomy): boolean =>
  !hasMalformedLength(anatomy) && lengthsOf(anatomy).join(',').includes(',')

const hasListLength = (anatomy: Anatomy): boolean =>
  !isBodiless(anatomy) && !hasCoding(anatomy) && repeatsLength(anatomy)

/** They refuse the framing fields of the final head or of the trailer section. */
const theyRefuseFraming = (
  feature: (anatomy: Anatomy) => boolean,
): ((disagreement: Disagreement) => boolean) =>
  theyRefuse(
    /^HPE_(?:INVALID|UNEXPECTED)_(?:CONTENT_LENGTH|TRANSFER_ENCODING)$|^8 Invalid Content-Length/,
    (a) => hasPlainInformational(a) && feature(a),
  )

const hasFoldedFraming = (anatomy: Anatomy): boolean =>
  isFolded(anatomy, 'content-length') || isFolded(anatomy, 'transfer-encoding')

/** They read what we refuse as bytes up to the close. */
const readsOn = (disagreement: Disagreement): boolean =>
  ['complete', 'waits'].includes(disagreement.theirs.verdict) && !endsAtInformational(disagreement)

export const FRAMING_CLASSES: readonly ClassRow[] = [
  {
    id: 'malformed Content-Length',
    clients: [PYTHON, CURL],
    aspect: 'verdict',
    when: weRefuse('BAD_CONTENT_LENGTH', (a) => hasMalformedLength(a) || lengthsOf(a).join().includes(',')),
    example: ok(['Content-Length: 5.0'], 'hello'),
    we: 'refuse',
    they: 'http.client reads any integer (+5, 1_0) and takes no notice of the rest; curl reads the digits in front',
    verdict: 'theirs',
    source: 'RFC 9112 §6.3, rule 5',
    requirements: ['9112-6.3-5'],
  },
  {
    id: 'Content-Length of 2^63 and more',
    clients: [CURL],
    aspect: 'verdict',
    when: weRefuse(
      'BAD_CONTENT_LENGTH',
      (a) => lengthsOf(a).length === 1 && /^\d{19,}$/.test(lengthsOf(a)[0]!),
    ),
    example: ok(['Content-Length: 18446744073709551621'], 'hello'),
    we: 'refuse what is over 2^53 - 1',
    they: 'take no notice of it, and read to the close',
    verdict: 'theirs',
    source: 'RFC 9110 §8.6',
    requirements: ['9110-8.6-3'],
  },
  {
    id: 'differing Content-Length values',
    clients: [PYTHON, CURL],
    aspect: 'verdict',
    when: weRefuse('DIFFERING_CONTENT_LENGTH', (a) => lengthsOf(a).join(',').includes(',')),
    example: ok(['Content-Length: 6', 'Content-Length: 5'], 'hello'),
    we: 'refuse',
    they: 'let one of them win: http.client the first line, curl the last',
    verdict: 'theirs',
    source: 'RFC 9112 §6.3, rule 5',
    requirements: ['9112-6.3-5'],
  },
  {
    id: 'repeated equal Content-Length refused',
    clients: [NODE],
    aspect: 'verdict',
    when: theyRefuseFraming((a) => !isBodiless(a) && !hasCoding(a) && repeatsLength(a)),
    example: ok(['Content-Length: 5, 5'], 'hello'),
    we: 'collapse it, and list it in `defects`',
    they: 'refuse',
    verdict: 'ours-per-RFC',
    source: 'RFC 9112 §6.3, rule 5: MAY accept',
    requirements: ['9112-6.3-6'],
  },
  {
    id: 'Content-Length as a list of equal numbers ignored',
    clients: [PYTHON],
    aspect: 'verdict',
    when: (disagreement) =>
      [theyWantMore(hasListLength), weRefuse('INCOMPLETE_BODY', hasListLength)].some((is) =>
        is(disagreement),
      ),
    example: ok(['Content-Length: 5, 5'], 'hello'),
    we: 'collapse it',
    they: 'take no notice of it and read to the close',
    verdict: 'theirs',
    source: 'RFC 9112 §6.3, rule 5',
    requirements: ['9112-6.3-5', '9112-6.3-6'],
  },
  {
    id: 'body read to the close after a list of equal numbers',
    clients: [PYTHON],
    aspect: 'body',
    when: ({ anatomy }) => hasListLength(anatomy),
    example: ok(['Content-Length: 5, 5'], 'hello world'),
    closes: true,
    we: 'collapse the list, and end the body there',
    they: 'take no notice of it, and read to the close',
    verdict: 'theirs',
    source: 'RFC 9112 §6.3, rule 5',
    requirements: ['9112-6.3-5', '9112-6.3-6'],
  },
  {
    id: 'tab after a Content-Length refused',
    clients: [NODE],
    versions: /^20\./,
    aspect: 'verdict',
    when: theyRefuseFraming((a) => hasPlainFraming(a) && hasTabBehindLength(a)),
    example: ok(['Content-Length: 5\t'], 'hello'),
    we: 'exclude it',
    they: 'refuse, in Node 20',
    verdict: 'theirs',
    source: 'RFC 9112 §5',
    requirements: ['9110-5.5-1'],
  },
  {
    id: 'framing fields of a response without a body',
    clients: [NODE, CURL],
    aspect: 'verdict',
    when: theyRefuseFraming((a) => isBodiless(a) && !hasPlainFraming(a)),
    example: ok(['Content-Length: abc']),
    method: 'HEAD',
    we: 'end it at its head, whatever they say',
    they: 'refuse them where they are malformed, or stand together',
    verdict: 'ours-per-RFC',
    source: 'RFC 9112 §6.3, rule 1',
    requirements: ['9112-6.3-1'],
  },
  {
    id: 'chunks read after 204 and 304',
    clients: [PYTHON],
    aspect: 'verdict',
    when: (disagreement) =>
      [theyWantMore(hasCodingOfNothing), theyCrash(/^ValueError/, hasCodingOfNothing)].some((is) =>
        is(disagreement),
      ),
    example: Buffer.from('HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n'),
    we: 'end the response at its head',
    they: 'wait for chunks, and raise ValueError for a size below zero',
    verdict: 'theirs',
    source: 'RFC 9112 §6.3, rule 1',
    requirements: ['9112-6.3-1'],
  },
  {
    id: 'Transfer-Encoding with Content-Length refused',
    clients: [NODE],
    aspect: 'verdict',
    when: theyRefuseFraming((a) => !isBodiless(a) && hasCoding(a) && lengthsOf(a).length > 0),
    example: ok(['Content-Length: 5', 'Transfer-Encoding: chunked'], HELLO),
    we: 'let Transfer-Encoding decide, list it in `defects`, and close the connection after it',
    they: 'refuse',
    verdict: 'ours-per-RFC',
    source:
      'RFC 9112 §6.3, rule 3: ought to be handled as an error; if accepted, Transfer-Encoding overrides',
    requirements: ['9112-6.3-3', '9112-6.3-4'],
  },
  {
    id: 'malformed Content-Length beside Transfer-Encoding refused',
    clients: [CURL],
    aspect: 'verdict',
    when: theyRefuse(
      /^8 Invalid Content-Length/,
      (a) => !isBodiless(a) && hasCoding(a) && hasMalformedLength(a) && !hasFoldedFraming(a),
    ),
    example: ok(['Transfer-Encoding: chunked', 'Content-Length: abc'], HELLO),
    we: 'let Transfer-Encoding decide, and close the connection after it',
    they: 'refuse',
    verdict: 'ours-per-RFC',
    source: 'RFC 9112 §6.3, rules 3 and 5: invalid is an error without Transfer-Encoding',
    requirements: ['9112-6.3-4', '9112-6.3-5'],
  },
  {
    id: 'framing field in a trailer section refused',
    clients: [NODE],
    aspect: 'verdict',
    when: theyRefuseFraming(
      (a) =>
        lengthsOf(a).length === 0 && /\n(?:content-length|transfer-encoding):/i.test(`\n${trailersOf(a)}`),
    ),
    example: ok(['Transfer-Encoding: chunked'], '0\r\nContent-Length: 3\r\n\r\n'),
    we: 'deliver it as a trailer, without effect',
    they: 'refuse',
    verdict: 'ours-per-RFC',
    source: 'RFC 9110 §6.5.1',
    requirements: ['9110-6.5.1-2'],
  },
  {
    id: 'folded framing field not understood',
    clients: [CURL],
    aspect: 'verdict',
    when: (disagreement) => {
      const { client, ours, theirs, anatomy } = disagreement
      if (isBehindHead(ours.error ?? '', anatomy))
        return misreadsCoding(client, anatomy) && readsOn(disagreement)
      const isRefused = theirs.verdict === 'waits' || theirs.error?.startsWith('8 ') === true
      return ours.verdict === 'complete' && isRefused && !isBodiless(anatomy) && hasFoldedFraming(anatomy)
    },
    example: ok(['Transfer-Encoding:\r\n chunked'], HELLO),
    we: 'read its value after the fold',
    they: 'read the first line alone: refuse an empty Content-Length, and miss the chunked after a fold',
    verdict: 'theirs',
    source: 'RFC 9112 §5.2',
    requirements: ['9112-5.2-2'],
  },
  {
    id: 'malformed Transfer-Encoding',
    clients: [NODE, PYTHON, CURL],
    aspect: 'verdict',
    when: weRefuse('BAD_TRANSFER_ENCODING', (a) => hasCoding(a) && !hasPlainFraming(a)),
    example: ok(['Transfer-Encoding: chunked, chunked'], HELLO),
    we: 'refuse',
    they: 'read it as chunked, or take no notice of it',
    verdict: 'ours-per-RFC',
    source: 'RFC 9112 §6.1, §7.1: chunked MUST NOT be applied twice and has no parameters',
    requirements: ['9112-6.1-1', '9112-7.1-3'],
  },
  {
    id: 'unknown transfer coding delivered undecoded',
    clients: [NODE, PYTHON, CURL],
    aspect: 'verdict',
    when: weRefuse('UNKNOWN_TRANSFER_ENCODING', (a) => hasCoding(a) && !hasPlainFraming(a)),
    example: ok(['Transfer-Encoding: x-unknown, chunked'], HELLO),
    we: 'refuse to pass coded bytes for the body; `allowUndecoded()` gives them',
    they: 'deliver them as the body',
    verdict: 'theirs',
    source: 'RFC 9112 §6.1',
    requirements: ['9112-6.1-5'],
  },
  {
    id: 'Transfer-Encoding that is a list, or stands in several lines',
    clients: [NODE, PYTHON],
    aspect: 'verdict',
    when: (disagreement) => {
      const { client, ours, anatomy } = disagreement
      if (!misreadsCoding(client, anatomy) || client === CURL) return false
      return (
        theyWantMore(() => true)(disagreement) ||
        (isBehindHead(ours.error ?? '', anatomy) && readsOn(disagreement))
      )
    },
    example: ok(['Transfer-Encoding: chunked,'], HELLO),
    we: 'find chunked as the last coding',
    they: 'take only a value that is nothing but chunked; node:http one that ends in it',
    verdict: 'theirs',
    source: 'RFC 9110 §5.6.1, §5.5; RFC 9112 §7',
    requirements: ['9110-5.6.1.2-1', '9112-6.3-4'],
  },
  {
    id: 'chunks delivered as the body',
    clients: [NODE, PYTHON],
    aspect: 'body',
    when: ({ client, anatomy }) => misreadsCoding(client, anatomy),
    example: ok(['Transfer-Encoding: chunked,'], HELLO),
    closes: true,
    we: 'find chunked as the last coding, and decode it',
    they: 'deliver sizes and data as they are',
    verdict: 'theirs',
    source: 'RFC 9110 §5.6.1, §5.5; RFC 9112 §7',
    requirements: ['9110-5.6.1.2-1', '9112-6.3-4'],
  },
  {
    id: 'chunks delivered as the body after a folded Transfer-Encoding',
    clients: [CURL],
    aspect: 'body',
    when: ({ client, anatomy }) => misreadsCoding(client, anatomy),
    example: ok(['Transfer-Encoding:\r\n chunked'], HELLO),
    closes: true,
    we: 'read its value after the fold',
    they: 'take no notice of it',
    verdict: 'theirs',
    source: 'RFC 9112 §5.2',
    requirements: ['9112-5.2-2'],
  },
  {
    id: 'Content-Length beside a Transfer-Encoding that is not chunked',
    clients: [PYTHON],
    aspect: 'body',
    when: ({ anatomy }) =>
      !isBodiless(anatomy) && hasCoding(anatomy) && lengthsOf(anatomy).length > 0 && !isChunked(anatomy),
    example: ok(['Content-Length: 5', 'Transfer-Encoding: identity'], 'hello world'),
    we: 'read to the close',
    they: 'let Content-Length decide',
    verdict: 'ours-per-RFC',
    source: 'RFC 9112 §6.3, rules 3 and 4',
    requirements: ['9112-6.3-4'],
  },
  {
    id: 'end inside the Content-Length beside a Transfer-Encoding that is not chunked',
    clients: [PYTHON],
    aspect: 'verdict',
    when: theyWantMore((a) => hasCoding(a) && lengthsOf(a).length > 0 && !isChunked(a) && !isBodiless(a)),
    example: ok(['Content-Length: 5', 'Transfer-Encoding: identity'], 'hell'),
    closes: true,
    we: 'read to the close, and deliver it',
    they: 'let Content-Length decide, and raise IncompleteRead',
    verdict: 'ours-per-RFC',
    source: 'RFC 9112 §6.3, rules 3 and 4',
    requirements: ['9112-6.3-4'],
  },
  {
    id: 'framing fields of an informational response refused',
    clients: [NODE],
    aspect: 'verdict',
    when: theyRefuse(
      /^HPE_(?:INVALID|UNEXPECTED)_(?:CONTENT_LENGTH|TRANSFER_ENCODING)$/,
      (a) => !hasPlainInformational(a),
    ),
    example: Buffer.concat([Buffer.from('HTTP/1.1 100 Continue\r\nContent-Length: x\r\n\r\n'), ok([])]),
    closes: true,
    we: 'take no notice of them',
    they: 'refuse them where they are malformed, or stand together',
    verdict: 'ours-per-RFC',
    source: 'RFC 9112 §6.3, rule 1',
    requirements: ['9112-6.3-1'],
  },
  {
    id: 'memory for a declared length',
    clients: [PYTHON],
    aspect: 'verdict',
    when: theyCrash(/^(?:MemoryError|OverflowError)/, ({ text }) => /\d{9}|^\s*[0-9a-f]{8}/im.test(text)),
    example: ok(['Content-Length: 9007199254740991'], 'hello'),
    we: 'allocate for what came: IncompleteRead, with what there is',
    they: 'ask for as much memory as was declared: MemoryError or OverflowError',
    verdict: 'theirs',
    source: 'RFC 9112 §6.3; python/cpython issue 119451',
    requirements: ['9112-6.3-7', '9110-8.6-3'],
  },
]

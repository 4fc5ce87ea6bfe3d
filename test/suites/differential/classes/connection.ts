// Classes of what stands around a response: informational ones in front, 101, bytes after it.

import {
  type Anatomy,
  allHeads,
  closesEarly,
  codingsOf,
  hasFold,
  hasPlainFraming,
  hasPlainInformational,
  hasTabBehindLength,
  informationalStatuses,
  isBodiless,
  isChunked,
  isUnsolicitedSwitch,
  lengthsOf,
  misreadsCoding,
  surplusOf,
  takeChunksApart,
  trailersOf,
} from '../anatomy.ts'
import type { ClassRow } from '../class-row.ts'
import {
  CURL,
  endsAtInformational,
  hello,
  NODE,
  ok,
  PYTHON,
  theyRefuse,
  theyWantMore,
  waitsForInformational,
} from './differences.ts'

const EARLY = 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n'

const hasExtension = (anatomy: Anatomy): boolean =>
  isChunked(anatomy) && takeChunksApart(anatomy).sizeLines.some((line) => line.includes(';'))

/** Transfer-Encoding may be a list, but one that node:http understands. */
const isChunkedForNode = (anatomy: Anatomy): boolean =>
  isChunked(anatomy) && lengthsOf(anatomy).length === 0 && !misreadsCoding(NODE, anatomy)

/** Another response stands after this one, in which no other class finds anything to refuse. */
const isPlainWithResponseBehind = (anatomy: Anatomy): boolean =>
  /^\s*HTTP/.test(surplusOf(anatomy)) &&
  (hasPlainFraming(anatomy) || isChunkedForNode(anatomy)) &&
  hasPlainInformational(anatomy) &&
  !hasTabBehindLength(anatomy) &&
  !hasFold(anatomy) &&
  !/(?:^|\n)(?:[ \t]|content-length:|transfer-encoding:)/i.test(trailersOf(anatomy)) &&
  !/^HTTP\/1\.[2-9] /m.test(allHeads(anatomy))

export const CONNECTION_CLASSES: readonly ClassRow[] = [
  {
    id: 'informational response taken for the final one',
    clients: [PYTHON],
    aspect: 'status',
    when: ({ anatomy, difference: { theirs } }) =>
      theirs === String(informationalStatuses(anatomy).find((status) => status !== 100)),
    example: Buffer.concat([Buffer.from(`${EARLY}\r\n`), hello()]),
    we: 'deliver it as informational, and go on to the final response',
    they: 'skip 100 only: 102 and 103 are the response, and the real one is lost',
    verdict: 'theirs',
    source: 'RFC 9110 §15.2',
    requirements: ['9110-15.2-1'],
  },
  {
    id: 'what is after an informational response is not read',
    clients: [PYTHON],
    aspect: 'verdict',
    when: (disagreement) => disagreement.ours.verdict === 'refused' && endsAtInformational(disagreement),
    example: Buffer.from(`${EARLY}\r\nHTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n`),
    we: 'go on to the final response, and refuse that',
    they: 'take 102 or 103 for the response',
    verdict: 'theirs',
    source: 'RFC 9110 §15.2',
    requirements: ['9110-15.2-1'],
  },
  {
    id: 'informational head that does not end well taken for the final one',
    clients: [CURL],
    aspect: 'verdict',
    when: (disagreement) => disagreement.ours.verdict === 'refused' && endsAtInformational(disagreement),
    example: Buffer.from(`${EARLY}\r\n${EARLY}\ra`),
    closes: true,
    we: 'refuse it',
    they: 'end the head at a line that begins with CR or NUL, and take 102 or 103 for the response',
    verdict: 'theirs',
    source: 'RFC 9110 §15.2; RFC 9112 §2.2',
    requirements: ['9110-15.2-1', '9112-2.2-4'],
  },
  {
    id: 'framing fields of an informational response',
    clients: [PYTHON],
    aspect: 'verdict',
    when: (disagreement) =>
      disagreement.ours.verdict === 'complete' &&
      disagreement.theirs.verdict !== 'crashed' &&
      waitsForInformational(disagreement),
    example: Buffer.concat([Buffer.from(`${EARLY}Transfer-Encoding: chunked\r\n\r\n`), hello()]),
    we: 'take no notice of them',
    they: 'wait for chunks',
    verdict: 'theirs',
    source: 'RFC 9112 §6.3, rule 1',
    requirements: ['9112-6.3-1'],
  },
  {
    id: 'close in an informational response',
    clients: [NODE],
    aspect: 'verdict',
    when: theyRefuse(/^HPE_CLOSED_CONNECTION$/, closesEarly),
    example: Buffer.concat([Buffer.from('HTTP/1.1 100 Continue\r\nConnection: close\r\n\r\n'), hello()]),
    we: 'read on to the final response',
    they: 'refuse the final response',
    verdict: 'theirs',
    source: 'RFC 9110 §15.2',
    requirements: ['9110-15.2-1'],
  },
  {
    id: 'bytes after the response refused with it',
    clients: [NODE],
    aspect: 'verdict',
    when: (disagreement) =>
      theyRefuse(/^HPE_INVALID_CONSTANT$/, (a) => surplusOf(a) !== '')(disagreement) ||
      theyRefuse(/^HPE_CLOSED_CONNECTION$/, (a) => !closesEarly(a) && surplusOf(a) !== '')(disagreement) ||
      theyRefuse(
        /^HPE_(?!INVALID_CONSTANT|CLOSED_CONNECTION|HEADER_OVERFLOW|STRICT|INVALID_CHUNK_SIZE)/,
        isPlainWithResponseBehind,
      )(disagreement) ||
      theyRefuse(/^HPE_STRICT$/, (a) => isPlainWithResponseBehind(a) && !hasExtension(a))(disagreement),
    example: ok(['Content-Length: 5'], 'hello world'),
    we: 'deliver the response, whole as it is, and close the connection',
    they: 'raise an error for the response that was complete',
    verdict: 'ours-per-RFC',
    source: 'RFC 9112 §6.3: no more is processed as another response',
    requirements: ['9112-6.3-11'],
  },
  {
    id: 'body read after 101, 204 and 304',
    clients: [PYTHON],
    aspect: 'body',
    when: ({ anatomy }) => isBodiless(anatomy) && codingsOf(anatomy).length > 0,
    example: Buffer.from(
      'HTTP/1.1 101 Switching Protocols\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
    ),
    we: 'end the response at its head',
    they: 'read chunks',
    verdict: 'theirs',
    source: 'RFC 9112 §6.3, rule 1',
    requirements: ['9112-6.3-1'],
  },
  {
    id: '101 that was not asked for taken as informational',
    clients: [CURL],
    aspect: 'verdict',
    when: theyWantMore(isUnsolicitedSwitch),
    example: Buffer.from('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n'),
    we: 'deliver it as final, with a defect, and close the connection',
    they: 'wait for a final response after it',
    verdict: 'ours-per-RFC',
    source: 'RFC 9110 §7.8',
    requirements: ['9110-7.8-3'],
  },
  {
    id: 'what is after 101 taken for the body',
    clients: [CURL],
    aspect: 'body',
    when: ({ anatomy }) => isUnsolicitedSwitch(anatomy),
    example: Buffer.from('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nhello'),
    closes: true,
    we: 'end the response at its head',
    they: 'take what follows for a body without a head of its own',
    verdict: 'ours-per-RFC',
    source: 'RFC 9110 §7.8; RFC 9112 §6.3, rule 1',
    requirements: ['9110-7.8-3', '9112-6.3-1'],
  },
  {
    id: 'no fields shown of 101',
    clients: [CURL],
    aspect: 'fields',
    when: ({ anatomy, difference: { theirs } }) => isUnsolicitedSwitch(anatomy) && theirs === '[]',
    example: Buffer.from('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nhello'),
    closes: true,
    we: 'deliver them',
    they: 'show those of the last final response only',
    verdict: 'theirs',
    source: 'RFC 9110 §15.2.2',
  },
]

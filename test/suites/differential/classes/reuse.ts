// Classes of the next request: whether it goes out on the same connection (RFC 9112 §9), and what answers it.

import {
  type Anatomy,
  closesEarly,
  codingsOf,
  isChunked,
  isUnsolicitedSwitch,
  lengthsOf,
  surplusOf,
  valuesOf,
} from '../anatomy.ts'
import type { ClassRow } from '../class-row.ts'
import { CURL, chunks, hello, KEPT, NODE, NOT_KEPT, ok, PYTHON, second, started } from './differences.ts'

const isOld = ({ start }: Anatomy): boolean => start.startsWith('HTTP/1.0')

const hasBothFields = (anatomy: Anatomy): boolean =>
  codingsOf(anatomy).length > 0 && lengthsOf(anatomy).length > 0

/** HTTP/1.0 without the option that keeps a connection, and nothing else in the bytes that would explain one kept. */
const saysNothingOld = (anatomy: Anatomy): boolean =>
  isOld(anatomy) &&
  !options(anatomy).includes('keep-alive') &&
  !options(anatomy).includes('close') &&
  !isChunked(anatomy) &&
  surplusOf(anatomy) === ''

/** A coding that is not chunked. */
const hasOtherCoding = (anatomy: Anatomy): boolean =>
  codingsOf(anatomy).some((value) =>
    value.split(',').some((coding) => !/^[ \t]*(?:chunked[ \t]*)?$/i.test(coding)),
  )

const options = (anatomy: Anatomy): string[] =>
  valuesOf(anatomy, 'connection').flatMap((value) =>
    value.split(',').map((option) => option.trim().toLowerCase()),
  )

export const REUSE_CLASSES: readonly ClassRow[] = [
  {
    id: 'connection kept in spite of bytes after the response',
    clients: [NODE, PYTHON, CURL],
    aspect: 'second',
    when: second(NOT_KEPT, KEPT, (a) => !isUnsolicitedSwitch(a) && surplusOf(a) !== ''),
    example: ok(['Content-Length: 5'], 'hello\r\n\r\n'),
    we: 'close it; one stray CR LF is skipped',
    they: 'drop what was read with the response; node:http where it is line ends only',
    verdict: 'ours-per-RFC',
    source: 'RFC 9112 §9.2: SHOULD close, unless there are only CRLFs',
    requirements: ['9112-9.2-3'],
  },
  {
    id: 'bytes after the response read as the next one',
    clients: [PYTHON],
    aspect: 'second',
    when: ({ anatomy, difference: { ours, theirs } }) =>
      ours === NOT_KEPT && theirs !== KEPT && surplusOf(anatomy) !== '' && anatomy.text.length > 8_000,
    example: ok(['Content-Length: 5'], `hello${'x'.repeat(9_000)}`),
    we: 'close the connection',
    they: 'drop what fits a buffer, and read the rest as the answer to the next request',
    verdict: 'theirs',
    source: 'RFC 9112 §9.2',
    requirements: ['9112-6.3-11', '9112-9.2-2'],
  },
  {
    id: 'close in another line of Connection',
    clients: [PYTHON],
    aspect: 'second',
    when: second(
      NOT_KEPT,
      KEPT,
      (a) =>
        valuesOf(a, 'connection').length > 1 &&
        !hasBothFields(a) &&
        options(a).includes('close') &&
        surplusOf(a) === '',
    ),
    example: hello('Connection: a', 'Connection: close'),
    we: 'close the connection',
    they: 'read the first line only, and keep it',
    verdict: 'theirs',
    source: 'RFC 9112 §9.3',
    requirements: ['9110-5.2-1', '9112-9.3-2'],
  },
  {
    id: 'close in front of a tab',
    clients: [NODE],
    versions: /^20\./,
    aspect: 'second',
    when: second(
      NOT_KEPT,
      KEPT,
      (a) => !isOld(a) && /\nconnection:[^\n]*close *\t/i.test(a.head) && surplusOf(a) === '',
    ),
    example: hello('Connection: keep-alive, close\t'),
    we: 'close the connection',
    they: 'do not see it, and keep the connection, in Node 20',
    verdict: 'theirs',
    source: 'RFC 9112 §9.3; RFC 9110 §5.6.1',
    requirements: ['9112-9.3-2'],
  },
  {
    id: 'close inside another connection option',
    clients: [PYTHON, CURL],
    aspect: 'second',
    when: (disagreement) =>
      !(disagreement.client === CURL && closesEarly(disagreement.anatomy)) &&
      second(
        KEPT,
        NOT_KEPT,
        (a) => !options(a).includes('close') && /close/i.test(valuesOf(a, 'connection').join()),
      )(disagreement),
    example: hello('Connection: x-close'),
    we: 'keep the connection',
    they: 'close it',
    verdict: 'theirs',
    source: 'RFC 9112 §9.3',
    requirements: ['9112-9.3-2'],
  },
  {
    id: 'close beside keep-alive in HTTP/1.0',
    clients: [NODE, PYTHON, CURL],
    aspect: 'second',
    when: second(
      NOT_KEPT,
      KEPT,
      (a) =>
        isOld(a) && options(a).includes('close') && options(a).includes('keep-alive') && surplusOf(a) === '',
    ),
    example: started('HTTP/1.0 200 OK\r\nConnection: keep-alive, close'),
    we: 'close the connection',
    they: 'keep it',
    verdict: 'theirs',
    source: 'RFC 9112 §9.3',
    requirements: ['9112-9.3-2'],
  },
  {
    id: 'Transfer-Encoding in HTTP/1.0',
    clients: [NODE, PYTHON, CURL],
    aspect: 'second',
    when: second(
      NOT_KEPT,
      KEPT,
      (a) =>
        isOld(a) && isChunked(a) && !hasBothFields(a) && !options(a).includes('close') && surplusOf(a) === '',
    ),
    example: Buffer.from(
      'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ),
    we: 'decode it, list it in `defects`, and close the connection',
    they: 'keep the connection',
    verdict: 'theirs',
    source: 'RFC 9112 §6.1: MUST be taken as badly framed, and the connection closed',
    requirements: ['9112-6.1-4'],
  },
  {
    id: 'Proxy-Connection: keep-alive in HTTP/1.0',
    clients: [NODE, PYTHON],
    aspect: 'second',
    when: second(
      NOT_KEPT,
      KEPT,
      (a) =>
        saysNothingOld(a) &&
        valuesOf(a, 'keep-alive').length === 0 &&
        valuesOf(a, 'proxy-connection').length > 0,
    ),
    example: started('HTTP/1.0 200 OK\r\nProxy-Connection: keep-alive'),
    we: 'close the connection',
    they: 'keep it',
    verdict: 'theirs',
    source: 'RFC 9112 §9.3',
    requirements: ['9112-9.3-2'],
  },
  {
    id: 'Keep-Alive in HTTP/1.0 without the option keep-alive',
    clients: [PYTHON],
    aspect: 'second',
    when: second(NOT_KEPT, KEPT, (a) => saysNothingOld(a) && valuesOf(a, 'keep-alive').length > 0),
    example: started('HTTP/1.0 200 OK\r\nKeep-Alive: timeout=5'),
    we: 'close the connection',
    they: 'keep it',
    verdict: 'theirs',
    source: 'RFC 9112 §9.3',
    requirements: ['9112-9.3-2'],
  },
  {
    id: 'keep-alive inside another connection option in HTTP/1.0',
    clients: [PYTHON, CURL],
    aspect: 'second',
    when: second(
      NOT_KEPT,
      KEPT,
      (a) =>
        saysNothingOld(a) &&
        [...valuesOf(a, 'keep-alive'), ...valuesOf(a, 'proxy-connection')].length === 0 &&
        /keep-alive/i.test(valuesOf(a, 'connection').join()),
    ),
    example: started('HTTP/1.0 200 OK\r\nConnection: x-keep-alive'),
    we: 'close the connection',
    they: 'keep it',
    verdict: 'theirs',
    source: 'RFC 9112 §9.3',
    requirements: ['9112-9.3-2'],
  },
  {
    id: 'connection given up for an informational response that would close it',
    clients: [CURL],
    aspect: 'second',
    when: second(KEPT, NOT_KEPT, closesEarly),
    example: Buffer.concat([Buffer.from('HTTP/1.1 103 X\r\nConnection: close\r\n\r\n'), hello()]),
    we: 'keep it, by the final response',
    they: 'close it, by any of the heads',
    verdict: 'ours-per-RFC',
    source: 'RFC 9112 §9.3: the message received most recently decides',
    requirements: ['9112-9.3-2'],
  },
  {
    id: 'connection given up for one stray CR LF',
    clients: [CURL],
    aspect: 'second',
    when: second(
      KEPT,
      NOT_KEPT,
      (a) => !closesEarly(a) && !/close/i.test(valuesOf(a, 'connection').join()) && surplusOf(a) === '\r\n',
    ),
    example: ok(['Content-Length: 5'], 'hello\r\n'),
    we: 'skip it',
    they: 'close the connection',
    verdict: 'ours-per-RFC',
    source: 'RFC 9112 §9.2, §2.2: CRLF can be discarded',
    requirements: ['9112-9.2-3'],
  },
  {
    id: 'connection given up for a transfer coding',
    clients: [CURL],
    aspect: 'second',
    when: second(
      KEPT,
      NOT_KEPT,
      (a) =>
        !closesEarly(a) &&
        !/close/i.test(valuesOf(a, 'connection').join()) &&
        hasOtherCoding(a) &&
        surplusOf(a) === '',
    ),
    example: ok(['Transfer-Encoding: identity, chunked'], '0\r\n\r\n'),
    we: 'keep it: chunked is the last coding, or there is no body',
    they: 'close it for identity and for what they do not know',
    verdict: 'ours-per-RFC',
    source: 'RFC 9112 §6.3, rules 1 and 4',
    requirements: ['9112-6.3-1', '9112-6.3-4'],
  },
  {
    id: 'keep-alive after a fold in HTTP/1.0',
    clients: [CURL],
    aspect: 'second',
    when: second(
      KEPT,
      NOT_KEPT,
      (a) =>
        isOld(a) &&
        options(a).includes('keep-alive') &&
        !/\nconnection:[^\n]*keep-alive/i.test(a.head) &&
        !hasOtherCoding(a) &&
        surplusOf(a) === '',
    ),
    example: started('HTTP/1.0 200 OK\r\nConnection:\r\n keep-alive'),
    we: 'keep the connection',
    they: 'do not see it, and close the connection',
    verdict: 'theirs',
    source: 'RFC 9112 §5.2',
    requirements: ['9112-5.2-2'],
  },
  {
    id: 'close after a fold',
    clients: [CURL],
    aspect: 'second',
    when: second(
      NOT_KEPT,
      KEPT,
      (a) => options(a).includes('close') && !/\nconnection:[^\n]*close/i.test(a.head) && surplusOf(a) === '',
    ),
    example: hello('Connection: x,\r\n close'),
    we: 'close the connection',
    they: 'do not see it, and keep the connection',
    verdict: 'theirs',
    source: 'RFC 9112 §5.2',
    requirements: ['9112-5.2-2'],
  },
  {
    id: 'Proxy-Connection: close',
    clients: [NODE],
    aspect: 'second',
    when: second(KEPT, NOT_KEPT, (a) => /close/i.test(valuesOf(a, 'proxy-connection').join())),
    example: hello('Proxy-Connection: close'),
    we: 'take no notice of it',
    they: 'close the connection',
    verdict: 'theirs',
    source: 'RFC 9112 §9.3: persistence is decided by Connection and the version',
    requirements: ['9112-9.3-2'],
  },
  {
    id: 'connection given up for Keep-Alive: timeout=0',
    clients: [NODE],
    aspect: 'second',
    when: second(KEPT, NOT_KEPT, (a) =>
      /(?:^|\n)timeout=0*[01](?!\d)/.test(valuesOf(a, 'keep-alive').join('\n')),
    ),
    example: hello('Keep-Alive: timeout=0'),
    we: 'keep it for the request that is made at once',
    they: 'close it: the server will wait for no time',
    verdict: 'ours-per-RFC',
    source:
      'RFC 9112 §9.3: persistence is decided by Connection and the version; C.2.2: Keep-Alive is a hint',
    requirements: ['9112-9.3-2'],
  },
  {
    id: 'HEAD answered without framing fields',
    clients: [NODE],
    aspect: 'second',
    when: second(
      KEPT,
      NOT_KEPT,
      (a) =>
        a.method === 'HEAD' &&
        lengthsOf(a).length === 0 &&
        !/(?:^|[,\s])chunked$/i.test(codingsOf(a).at(-1) ?? ''),
    ),
    example: ok([]),
    method: 'HEAD',
    we: 'keep the connection: the response ends at its head',
    they: 'close it, as if a body went to the end of the connection',
    verdict: 'theirs',
    source: 'RFC 9112 §6.3, rule 1',
    requirements: ['9112-6.3-1', '9112-9.3-2'],
  },
  {
    id: 'connection kept after Transfer-Encoding with Content-Length',
    clients: [PYTHON, CURL],
    aspect: 'second',
    when: second(NOT_KEPT, KEPT, (a) => isChunked(a) && hasBothFields(a) && surplusOf(a) === ''),
    example: chunks('0\r\n\r\n', 'Content-Length: 5'),
    we: 'close it: a peer in front may have read another length',
    they: 'keep it',
    verdict: 'ours-per-RFC',
    source: 'RFC 9112 §6.1, §6.3, rule 3',
    requirements: ['9112-6.3-3'],
  },
  {
    id: 'connection kept after 101 that was not asked for',
    clients: [NODE, PYTHON],
    aspect: 'second',
    when: second(NOT_KEPT, KEPT, isUnsolicitedSwitch),
    example: Buffer.from('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n'),
    we: 'deliver it as final, with a defect, and close the connection',
    they: 'go on as if HTTP were spoken',
    verdict: 'ours-per-RFC',
    source: 'RFC 9110 §7.8',
    requirements: ['9110-7.8-3'],
  },
]

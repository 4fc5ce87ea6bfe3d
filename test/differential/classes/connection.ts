// Classes of what follows a response: bytes behind it, the next request, and informational responses in front.

import { type Anatomy, codingsOf, isChunked, lengthsOf, statusOf, surplusOf, valuesOf } from '../anatomy.ts'
import type { ClassRow } from '../class-row.ts'
import {
  chunks,
  CURL,
  hello,
  KEPT,
  NODE,
  NOT_KEPT,
  ok,
  PYTHON,
  second,
  theyRefuse,
  theyWantMore,
} from './differences.ts'

const EARLY = 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n'

/** The statuses of the informational heads. */
const interim = ({ informational }: Anatomy): number[] =>
  informational.map((head) => Number(/1\d\d/.exec(head.slice(8))?.[0]))

const closesInInterim = ({ informational }: Anatomy): boolean =>
  informational.some((head) => /^HTTP\/1\.0|\nConnection:[^\n]*close/i.test(head))

const isUnsolicitedSwitch = (anatomy: Anatomy): boolean => statusOf(anatomy) === 101

const hasBothFields = (anatomy: Anatomy): boolean =>
  codingsOf(anatomy).length > 0 && lengthsOf(anatomy).length > 0

const options = (anatomy: Anatomy): string[] =>
  valuesOf(anatomy, 'connection').flatMap((value) => value.split(',').map((option) => option.trim().toLowerCase()))

export const CONNECTION_CLASSES: readonly ClassRow[] = [
  {
    id: 'informational response taken for the final one',
    clients: [PYTHON],
    aspect: 'status',
    when: ({ anatomy, difference: { theirs } }) =>
      theirs === String(interim(anatomy).find((status) => status !== 100)),
    example: Buffer.concat([Buffer.from(`${EARLY}\r\n`), hello()]),
    we: 'deliver it as informational, and go on to the final response',
    they: 'skip 100 only: 102 and 103 are the response, and the real one is lost',
    verdict: 'theirs',
    source: 'RFC 9110 §15.2',
    requirements: ['9110-15.2-1'],
  },
  {
    id: 'framing fields of an informational response',
    clients: [PYTHON],
    aspect: 'verdict',
    when: theyWantMore(({ informational }) => informational.some((head) => !/1\.\d 100/.test(head.slice(0, 13)) && /\nTransfer-Encoding:/i.test(head))),
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
    when: theyRefuse(/^HPE_CLOSED_CONNECTION$/, closesInInterim),
    example: Buffer.concat([Buffer.from('HTTP/1.1 100 Continue\r\nConnection: close\r\n\r\n'), hello()]),
    we: 'read on to the final response',
    they: 'refuse the final response',
    verdict: 'theirs',
    source: 'RFC 9110 §15.2',
    requirements: ['9110-15.2-1'],
  },
  {
    id: 'bytes behind the response refused with it',
    clients: [NODE],
    aspect: 'verdict',
    when: theyRefuse(/^HPE_(?:INVALID_CONSTANT|CLOSED_CONNECTION)$/, (a) => !closesInInterim(a) && surplusOf(a) !== ''),
    example: ok(['Content-Length: 5'], 'hello world'),
    we: 'deliver the response, whole as it is, and close the connection',
    they: 'raise an error for the response that was complete',
    verdict: 'ours-per-RFC',
    source: 'RFC 9112 §6.3: no more is processed as another response',
    requirements: ['9112-6.3-11'],
  },
  {
    id: 'connection kept in spite of bytes behind the response',
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
    id: 'bytes behind the response read as the next one',
    clients: [PYTHON],
    aspect: 'second',
    when: ({ anatomy, difference: { ours, theirs } }) =>
      ours === NOT_KEPT && theirs !== KEPT && surplusOf(anatomy).length > 4_000,
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
    when: second(NOT_KEPT, KEPT, (a) => valuesOf(a, 'connection').length > 1 && options(a).includes('close') && surplusOf(a) === ''),
    example: hello('Connection: a', 'Connection: close'),
    we: 'close the connection',
    they: 'read the first line only, and keep it',
    verdict: 'theirs',
    source: 'RFC 9112 §9.3',
    requirements: ['9110-5.2-1', '9112-9.3-2'],
  },
  {
    id: 'close inside another connection option',
    clients: [PYTHON, CURL],
    aspect: 'second',
    when: second(KEPT, NOT_KEPT, (a) => !options(a).includes('close') && /close/i.test(valuesOf(a, 'connection').join())),
    example: hello('Connection: x-close'),
    we: 'keep the connection',
    they: 'close it',
    verdict: 'theirs',
    source: 'RFC 9112 §9.3',
    requirements: ['9112-9.3-2'],
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
    id: 'HEAD answered without framing fields',
    clients: [NODE],
    aspect: 'second',
    when: second(KEPT, NOT_KEPT, (a) => a.method === 'HEAD' && lengthsOf(a).length === 0 && !/chunked/i.test(codingsOf(a).join())),
    example: ok([]),
    method: 'HEAD',
    we: 'keep the connection: the response ends at its head',
    they: 'close it, as if a body went to the end of the connection',
    verdict: 'theirs',
    source: 'RFC 9112 §6.3, rule 1',
    requirements: ['9112-6.3-1', '9112-9.3-2'],
  },
  {
    id: 'connection kept behind Transfer-Encoding with Content-Length',
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
    id: 'connection kept behind 101 that was not asked for',
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
  {
    id: '101 that was not asked for taken as informational',
    clients: [CURL],
    aspect: 'verdict',
    when: theyWantMore(isUnsolicitedSwitch),
    example: Buffer.from('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n'),
    we: 'deliver it as final, with a defect, and close the connection',
    they: 'wait for a final response behind it',
    verdict: 'ours-per-RFC',
    source: 'RFC 9110 §7.8',
    requirements: ['9110-7.8-3'],
  },
]

// Classes of the chunked coding (RFC 9112 §7.1).

import { type Anatomy, isChunked, sizeOf, takeChunksApart } from '../anatomy.ts'
import type { ClassRow } from '../class-row.ts'
import { CURL, chunks, NODE, PYTHON, theyCrash, theyRefuse, weRefuse } from './differences.ts'
import { inHead } from './faults.ts'

const anySizeLine =
  (pattern: RegExp) =>
  (anatomy: Anatomy): boolean =>
    isChunked(anatomy) && takeChunksApart(anatomy).sizeLines.some((line) => pattern.test(line))

const anySize =
  (pattern: RegExp) =>
  (anatomy: Anatomy): boolean =>
    isChunked(anatomy) && takeChunksApart(anatomy).sizeLines.some((line) => pattern.test(sizeOf(line)))

const BEHIND = 'hello\r\n0\r\n\r\n'

export const CHUNKED_CLASSES: readonly ClassRow[] = [
  {
    id: 'chunk size with more than hex digits',
    clients: [PYTHON],
    aspect: 'verdict',
    when: weRefuse('BAD_CHUNK_SIZE', anySize(/[^0-9a-f]/i)),
    example: chunks(`0x5\r\n${BEHIND}`),
    we: 'refuse',
    they: 'read what int(…, 16) reads: a sign, 0x, `_`, white space',
    verdict: 'theirs',
    source: 'RFC 9112 §7.1',
    requirements: ['9112-7.1-4'],
  },
  {
    id: 'junk after a chunk size',
    clients: [CURL],
    aspect: 'verdict',
    when: weRefuse('BAD_CHUNK_SIZE', anySize(/^[0-9a-f]+[^0-9a-f]/i)),
    example: chunks(`5g\r\n${BEHIND}`),
    we: 'refuse',
    they: 'read the digits in front and pass over the rest of the line',
    verdict: 'theirs',
    source: 'RFC 9112 §7.1',
    requirements: ['9112-7.1-4'],
  },
  {
    id: 'negative chunk size',
    clients: [PYTHON],
    aspect: 'verdict',
    when: theyCrash(/^ValueError/, anySize(/^\s*-/)),
    example: chunks(`-5\r\n${BEHIND}`),
    we: 'refuse',
    they: 'raise ValueError, which is no error of http.client',
    verdict: 'theirs',
    source: 'RFC 9112 §7.1',
    requirements: ['9112-7.1-4'],
  },
  {
    id: 'bare LF after a chunk size',
    clients: [PYTHON, CURL],
    aspect: 'verdict',
    when: weRefuse('BARE_LF', (a) => !inHead('BARE_LF')(a) && anySizeLine(/[^\r]\n$/)(a)),
    example: chunks(`5\n${BEHIND}`),
    we: 'refuse, whatever the tolerances',
    they: 'take it for a line end',
    verdict: 'ours-per-RFC',
    source: 'RFC 9112 §7.1: lines of the chunked coding end in CR LF',
  },
  {
    id: 'bare CR after a chunk size',
    clients: [PYTHON, CURL],
    aspect: 'verdict',
    when: weRefuse('BARE_CR', (a) => !inHead('BARE_CR')(a) && anySizeLine(/\r(?!\n)/)(a)),
    example: chunks(`5;a\rb\r\n${BEHIND}`),
    we: 'refuse',
    they: 'pass over it',
    verdict: 'theirs',
    source: 'RFC 9112 §2.2',
    requirements: ['9112-2.2-4'],
  },
  {
    id: 'control byte in a chunk extension',
    clients: [PYTHON, CURL],
    aspect: 'verdict',
    when: weRefuse('BAD_CHUNK_EXTENSION', anySizeLine(/;.*[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/)),
    example: chunks(`5;a\x01b\r\n${BEHIND}`),
    we: 'refuse',
    they: 'pass over it',
    verdict: 'ours-per-RFC',
    source: 'RFC 9112 §7.1.1: an extension is made of tokens and quoted strings',
  },
  {
    id: 'chunk data without CR LF after them',
    clients: [PYTHON, CURL],
    aspect: 'verdict',
    when: weRefuse(
      'BAD_CHUNK_END',
      (a) => isChunked(a) && takeChunksApart(a).ends.some((end) => end !== '\r\n'),
    ),
    example: chunks('5\r\nhello\n0\r\n\r\n'),
    we: 'refuse',
    they: 'http.client drops any two bytes; curl takes LF alone',
    verdict: 'theirs',
    source: 'RFC 9112 §7.1',
    requirements: ['9112-7.1-5'],
  },
  {
    id: 'end of the connection inside the trailer section',
    clients: [PYTHON, CURL],
    aspect: 'verdict',
    when: weRefuse(
      'INCOMPLETE_BODY',
      (a) => isChunked(a) && !/(?:^|\n)\r?\n/.test(takeChunksApart(a).trailers ?? '\n\n'),
    ),
    example: chunks('5\r\nhello\r\n0\r\n\r'),
    we: 'raise IncompleteRead',
    they: 'take the body for complete',
    verdict: 'theirs',
    source: 'RFC 9112 §8, §7.1.2',
    requirements: ['9112-7.1.2-1', '9112-8-1'],
  },
  {
    id: 'end of the connection inside the head',
    clients: [PYTHON, CURL],
    aspect: 'verdict',
    when: weRefuse('INCOMPLETE_HEAD', ({ headEnds }) => !headEnds),
    example: Buffer.from('HTTP/1.1 200 OK\r\nContent-Le'),
    we: 'raise IncompleteRead',
    they: 'deliver the response with the fields that came',
    verdict: 'theirs',
    source: 'RFC 9112 §8',
    requirements: ['9112-8-1'],
  },
  {
    id: 'white space in front of a chunk extension refused',
    clients: [NODE],
    aspect: 'verdict',
    when: theyRefuse(/^HPE_INVALID_CHUNK_SIZE$/, anySizeLine(/^[0-9a-f]+[ \t]+;/i)),
    example: chunks(`5 ; a = b\r\n${BEHIND}`),
    we: 'accept it',
    they: 'refuse',
    verdict: 'theirs',
    source: 'RFC 9110 §5.6.3: bad white space MUST be accepted',
    requirements: ['9110-5.6.3-3'],
  },
  {
    id: 'chunk extension of another form refused',
    clients: [NODE],
    aspect: 'verdict',
    when: theyRefuse(
      /^HPE_STRICT$|^HPE_INVALID_CHUNK_SIZE$/,
      (a) => anySizeLine(/;/)(a) && !anySizeLine(/^[0-9a-f]+[ \t]+;/i)(a),
    ),
    example: chunks(`5;\r\n${BEHIND}`),
    we: 'pass over extensions, so long as no byte could end the line',
    they: 'refuse one that does not follow the grammar',
    verdict: 'ours-per-RFC',
    source: 'RFC 9112 §7.1.1: MUST ignore unrecognized extensions',
    requirements: ['9112-7.1.1-1'],
  },
  {
    id: 'chunk size with many leading zeros refused',
    clients: [CURL],
    aspect: 'verdict',
    when: theyRefuse(/^56 Too long hexadecimal number/, anySize(/^0[0-9a-f]{16}/i)),
    example: chunks(`00000000000000005\r\n${BEHIND}`),
    we: 'count the digits that say something',
    they: 'refuse more than 16 digits',
    verdict: 'theirs',
    source: 'RFC 9112 §7.1: 1*HEXDIG',
    requirements: ['9112-7.1-2'],
  },
]

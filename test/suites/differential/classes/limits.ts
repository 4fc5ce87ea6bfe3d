// Classes of limits (RFC 9110 §2.3): ours, which the options move, and theirs.

import { allHeads, isChunked, takeChunksApart, trailersOf } from '../anatomy.ts'
import type { ClassRow } from '../class-row.ts'
import { CURL, chunks, hello, NODE, PYTHON, theyRefuse, weRefuse } from './differences.ts'

const many = (count: number): string[] => Array.from({ length: count }, () => 'X-A: b')

export const LIMIT_CLASSES: readonly ClassRow[] = [
  {
    id: 'maxFields',
    clients: [NODE, CURL],
    aspect: 'verdict',
    when: weRefuse('LIMIT_FIELDS', ({ head }) => head.split('\n').length > 1_000),
    example: hello(...many(1_001)),
    we: 'refuse more than 1,000 field lines',
    they: 'go further',
    verdict: 'ours-per-RFC',
    source: 'RFC 9110 §2.3, §5.4',
  },
  {
    id: 'maxHeadBytes',
    clients: [PYTHON, CURL],
    aspect: 'verdict',
    when: weRefuse('LIMIT_HEAD', (a) => allHeads(a).length > 65_536),
    example: hello(`X-A: ${'v'.repeat(40_000)}`, `X-B: ${'v'.repeat(40_000)}`),
    we: 'refuse a head over 64 KiB',
    they: 'go further',
    verdict: 'ours-per-RFC',
    source: 'RFC 9110 §2.3, §5.4',
  },
  {
    id: 'maxTrailerBytes',
    clients: [PYTHON],
    aspect: 'verdict',
    when: weRefuse('LIMIT_TRAILERS', (a) => trailersOf(a).length > 65_536),
    example: chunks(`0\r\nX-A: ${'v'.repeat(40_000)}\r\nX-B: ${'v'.repeat(40_000)}\r\n\r\n`),
    we: 'refuse a trailer section over 64 KiB',
    they: 'go further',
    verdict: 'ours-per-RFC',
    source: 'RFC 9110 §2.3, §5.4',
  },
  {
    id: 'maxChunkExtensionBytes',
    clients: [NODE, PYTHON, CURL],
    aspect: 'verdict',
    when: weRefuse(
      'LIMIT_CHUNK_EXTENSIONS',
      (a) => isChunked(a) && takeChunksApart(a).sizeLines.some((line) => line.length > 16_384),
    ),
    example: chunks(`0;${'e'.repeat(16_384)}\r\n\r\n`),
    we: 'refuse more than 16 KiB of chunk extensions and leading zeros',
    they: 'go further, node:http by a byte',
    verdict: 'ours-per-RFC',
    source: 'RFC 9112 §7.1.1',
  },
  {
    id: "node:http's limit of 16 KiB for a head or a trailer section",
    clients: [NODE],
    aspect: 'verdict',
    when: theyRefuse(/^HPE_HEADER_OVERFLOW$/, ({ text }) => text.length > 16_384),
    example: hello(`X-A: ${'v'.repeat(17_000)}`),
    we: 'accept up to 64 KiB',
    they: 'refuse',
    verdict: 'theirs',
    source: 'RFC 9110 §2.3: a limit of theirs',
  },
  {
    id: "http.client's limit of 100 field lines",
    clients: [PYTHON],
    aspect: 'verdict',
    when: theyRefuse(/^HTTPException$/, ({ head }) => head.split('\n').length > 100),
    example: hello(...many(101)),
    we: 'accept up to 1,000',
    they: 'refuse',
    verdict: 'theirs',
    source: 'RFC 9110 §2.3: a limit of theirs',
  },
  {
    id: "curl's limit of a trailer line",
    clients: [CURL],
    aspect: 'verdict',
    when: theyRefuse(/^56 Out of memory in chunked-encoding/, (a) => trailersOf(a).length > 4_096),
    example: chunks(`0\r\nX-T: ${'v'.repeat(17_000)}\r\n\r\n`),
    we: 'accept up to 64 KiB',
    they: 'refuse, as out of memory',
    verdict: 'theirs',
    source: 'RFC 9110 §2.3: a limit of theirs',
  },
]

// Classes of field lines in a head (RFC 9112 §2.2, §5; RFC 9110 §5.5), and of the same faults in a trailer section.

import { type Anatomy, hasFold, startFault, takeChunksApart, trailersOf } from '../anatomy.ts'
import type { ClassRow, Disagreement } from '../class-row.ts'
import { CURL, chunks, hello, NODE, PYTHON, started, theyRefuse, weRefuse } from './differences.ts'
import { FAULTS, type Fault, inHead } from './faults.ts'

const weRefuseInHead = (fault: Fault): ((disagreement: Disagreement) => boolean) =>
  weRefuse(fault, inHead(fault))

/** A start line of any head ends in two CR. */
const hasCrBehindStart = ({ informational, head }: Anatomy): boolean =>
  [...informational, head].some((one) => /^[^\n]*\r\r/.test(one))

/** As `trim`, which would take other bytes too. */
const trimSpaces = (text: string): string => text.replace(/^[ \t]+|[ \t]+$/g, '')

/** The head is free of the fault, and the trailer section has it. */
function weRefuseInTrailers(disagreement: Disagreement): boolean {
  const { anatomy, ours } = disagreement
  const fault = Object.keys(FAULTS).find((code): code is Fault => code === ours.error)
  if (fault === undefined || inHead(fault)(anatomy)) return false
  if (takeChunksApart(anatomy).sizeLines.some((line) => FAULTS[fault].test(line.replace(/\r\n$/, ''))))
    return false
  const trailers = trailersOf(anatomy)
  // A trailer section stands after a line end; what is wrong with that one is a matter of chunks.
  const section = fault === 'BARE_LF' ? trailers : `\r\n${trailers}`
  return weRefuse(fault, () => FAULTS[fault].test(section))(disagreement)
}

export const FIELD_CLASSES: readonly ClassRow[] = [
  {
    id: 'bare LF in a head',
    clients: [PYTHON, CURL],
    aspect: 'verdict',
    when: weRefuseInHead('BARE_LF'),
    example: hello('X-A: b\nX-B: c'),
    we: 'refuse',
    they: 'take it for a line end',
    verdict: 'ours-per-RFC',
    source: 'RFC 9112 §2.2: a recipient MAY',
    requirements: ['9112-2.2-2'],
    tolerance: 'bareLf',
  },
  {
    id: 'bare CR in a head',
    clients: [PYTHON, CURL],
    aspect: 'verdict',
    when: weRefuseInHead('BARE_CR'),
    example: hello('X-A: b\rX-B: c'),
    we: 'refuse',
    they: 'keep it in the value; http.client reads a second field after it',
    verdict: 'theirs',
    source: 'RFC 9112 §2.2',
    requirements: ['9112-2.2-4'],
  },
  {
    id: 'bare CR after the status line',
    clients: [NODE],
    versions: /^20\./,
    aspect: 'verdict',
    when: (disagreement) =>
      hasCrBehindStart(disagreement.anatomy) &&
      [weRefuseInHead('BARE_CR'), weRefuse('BAD_STATUS_LINE', (a) => startFault(a) === 'after code')].some(
        (is) => is(disagreement),
      ),
    example: started('HTTP/1.1 200 OK\r\rX-A: b'),
    we: 'refuse',
    they: 'take it for a line end, in Node 20',
    verdict: 'theirs',
    source: 'RFC 9112 §2.2',
    requirements: ['9112-2.2-4'],
  },
  {
    id: 'NUL in a head',
    clients: [NODE, PYTHON, CURL],
    aspect: 'verdict',
    when: weRefuseInHead('NUL_IN_HEAD'),
    example: hello('X-A: b').fill(0, 13, 14),
    we: 'refuse',
    they: 'deliver it; node:http in the reason phrase only, curl at the beginning of a line only',
    verdict: 'theirs',
    source: 'RFC 9110 §5.5',
    requirements: ['9110-5.5-3'],
  },
  {
    id: 'control byte in a field value',
    clients: [PYTHON, CURL],
    aspect: 'verdict',
    when: weRefuseInHead('CONTROL_IN_VALUE'),
    example: hello('X-A: b\x1b[31m'),
    we: 'refuse',
    they: 'deliver it',
    verdict: 'ours-per-RFC',
    source: 'RFC 9110 §5.5: such values are invalid, and a recipient MAY keep them',
    tolerance: 'controlInValue',
  },
  {
    id: 'white space before a colon',
    clients: [PYTHON, CURL],
    aspect: 'verdict',
    when: weRefuseInHead('SPACE_BEFORE_COLON'),
    example: hello('X-A : b'),
    we: 'refuse',
    they: 'accept the line',
    verdict: 'ours-per-RFC',
    source: 'RFC 9112 §5.1: a proxy MUST remove it, a server MUST reject it; here it is refused',
    requirements: ['9112-5.1-2'],
    tolerance: 'spaceBeforeColon',
  },
  {
    id: 'field name that is no token',
    clients: [PYTHON, CURL],
    aspect: 'verdict',
    when: weRefuseInHead('BAD_FIELD_NAME'),
    example: hello('X(A): b'),
    we: 'refuse',
    they: 'accept the line',
    verdict: 'theirs',
    source: 'RFC 9110 §5.1',
    requirements: ['9112-5.1-3'],
    tolerance: 'skipBadFields',
  },
  {
    id: 'field line without a colon',
    clients: [PYTHON],
    aspect: 'verdict',
    when: weRefuseInHead('NO_COLON'),
    example: hello('X-A'),
    we: 'refuse',
    they: 'end the fields there: those after it are lost, Content-Length too',
    verdict: 'theirs',
    source: 'RFC 9112 §5',
    requirements: ['9112-5.1-3'],
    tolerance: 'skipBadFields',
  },
  {
    id: 'white space before the first field line',
    clients: [PYTHON],
    aspect: 'verdict',
    when: weRefuseInHead('LEADING_SPACE'),
    example: hello(' X-A: b'),
    we: 'refuse',
    they: 'drop the line',
    verdict: 'ours-per-RFC',
    source: 'RFC 9112 §2.2: reject, or skip those lines',
    requirements: ['9112-2.2-7'],
  },
  {
    id: 'white space before the first field line, after an informational response',
    clients: [CURL],
    aspect: 'verdict',
    when: (disagreement) =>
      disagreement.anatomy.informational.length > 0 && weRefuseInHead('LEADING_SPACE')(disagreement),
    example: Buffer.concat([Buffer.from('HTTP/1.1 100 Continue\r\nX-I: j\r\n\r\n'), hello(' X-A: b')]),
    we: 'refuse',
    they: 'take the line for a fold of the last field of the 100',
    verdict: 'theirs',
    source: 'RFC 9112 §2.2: reject, or skip those lines',
    requirements: ['9112-2.2-7'],
  },
  {
    id: 'bad line in a trailer section',
    clients: [PYTHON, CURL],
    aspect: 'verdict',
    when: weRefuseInTrailers,
    example: chunks('0\r\nX-T : u\r\n\r\n'),
    we: 'refuse',
    they: 'pass over it; http.client passes over all trailers',
    verdict: 'ours-per-RFC',
    source: 'RFC 9112 §7.1.2: a trailer section is made of field lines',
    requirements: ['9112-7.1.2-1'],
  },
  {
    id: 'folded field line refused',
    clients: [NODE],
    aspect: 'verdict',
    when: theyRefuse(/^HPE_INVALID_HEADER_TOKEN$/, (a) => hasFold(a) || /\n[ \t]/.test(trailersOf(a))),
    example: hello('X-A: b\r\n c'),
    we: 'replace the fold by a space, and list it in `defects`',
    they: 'refuse',
    verdict: 'theirs',
    source: 'RFC 9112 §5.2: a user agent MUST replace it',
    requirements: ['9112-5.2-2'],
  },
  {
    id: 'fold kept in the value',
    clients: [PYTHON],
    aspect: 'fields',
    when: ({ anatomy, difference: { ours, theirs } }) =>
      hasFold(anatomy) &&
      theirs.includes('\n') &&
      trimSpaces(theirs.replace(/[ \t]*\r\n[ \t]*/g, ' ')) === ours,
    example: hello('X-A: b\r\n c'),
    we: 'replace the fold by a space',
    they: 'deliver CR LF inside the value',
    verdict: 'theirs',
    source: 'RFC 9112 §5.2',
    requirements: ['9112-5.2-2'],
  },
  {
    id: 'white space at a fold',
    clients: [CURL],
    aspect: 'fields',
    when: ({ anatomy, difference: { ours, theirs } }) =>
      hasFold(anatomy) &&
      ours !== '' &&
      trimSpaces(theirs.replace(/[ \t\r]+/g, ' ')) === ours.replace(/[ \t]+/g, ' '),
    example: hello('X-A: b\r\n\tc'),
    we: 'replace the fold, with the white space around it, by one space',
    they: 'leave some of it, or the CR of an empty first line',
    verdict: 'ours-per-RFC',
    source: 'RFC 9112 §5.2: one or more spaces',
    requirements: ['9112-5.2-2'],
  },
  {
    id: 'white space after a value kept',
    clients: [PYTHON],
    aspect: 'fields',
    when: ({ difference: { ours, theirs } }) =>
      !theirs.includes('\n') && theirs.replace(/[ \t]+$/, '') === ours,
    example: hello('X-A: b \t'),
    we: 'exclude it',
    they: 'keep it as part of the value',
    verdict: 'theirs',
    source: 'RFC 9112 §5',
    requirements: ['9110-5.5-1'],
  },
  {
    id: 'empty value shown as CR',
    clients: [CURL],
    aspect: 'fields',
    when: ({ difference: { ours, theirs } }) => ours === '' && theirs === '\r',
    example: hello('X-A:'),
    we: 'deliver an empty value',
    they: 'show the CR of the line end as the value',
    verdict: 'theirs',
    source: 'RFC 9112 §5',
    requirements: ['9110-5.5-1'],
  },
]

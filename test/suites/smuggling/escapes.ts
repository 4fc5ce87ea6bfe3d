// Where the design departs from "exactly what was asked for, or nothing" on purpose. Each row is a leniency that a caller
// asks for by name, or a case in which a message was complete before its error could be known; the judge takes nothing
// else. docs/reliability.md shows the table; the tests fail where a row is no longer needed.

import type { EscapeName } from './door.ts'

interface EscapeRow {
  readonly asked: string
  readonly happens: string
  readonly why: string
}

export const ESCAPES: Readonly<Record<EscapeName, EscapeRow>> = {
  'no-host': {
    asked: '`skipHost`, `skip_host`, HTTP/1.0 of 1.5.2, the engine by itself',
    happens: 'the head has no Host field unless the caller gives one; a strict server refuses it with 400',
    why: 'http.client lets the caller place Host; nothing else of the request changes',
  },
  folds: {
    asked: '`putheader` with several arguments, the tolerance `foldedValues`',
    happens: 'CR LF HTAB stands inside a value: a continuation line, which reads as one space',
    why: 'the manual of http.client documents it; no single argument of `putheader` may hold one, and no field that frames or routes',
  },
  'cut-at-length': {
    asked:
      'a body that turns out longer than declared: a Content-Length of the caller, a file that grows, a Blob that lies',
    happens:
      'the message ends at its declared length; the piece that does not fit is not sent, the error says so, the connection is closed',
    why: 'the rest was not known when the beginning was sent',
  },
  'foreign-bytes': {
    asked: '`upgrade()` after a 101 to an Upgrade that was offered',
    happens: 'the bytes are those of the other protocol, as the caller writes them',
    why: 'that is what a switch of protocols is; without the 101 `upgrade()` refuses',
  },
}

/** The table in Markdown. */
export function formatEscapes(): string {
  const rows = Object.values(ESCAPES).map(({ asked, happens, why }) => `| ${asked} | ${happens} | ${why} |`)
  return ['| where the caller uses | | because |', '| --- | --- | --- |', ...rows].join('\n')
}

/**
 * Shows bytes to a person: printable ASCII as it is, everything else as an escape, never more than a bounded number.
 * Used for error messages, the debug trace and the documentation. Knows nothing of HTTP.
 */

/** How many bytes an error shows: enough for a status line, too few for a secret-bearing head. */
export const MAX_SHOWN_BYTES = 80

const NAMED: Readonly<Record<number, string>> = { 9: '\\t', 10: '\\n', 13: '\\r', 34: '\\"', 92: '\\\\' }

/** `text` (one character per byte, as latin1) with everything but printable ASCII escaped; cut after `maxBytes`. */
export function escapeText(text: string, maxBytes: number = MAX_SHOWN_BYTES): string {
  let shown = ''
  const end = Math.min(text.length, maxBytes)
  for (let i = 0; i < end; i++) {
    const code = text.charCodeAt(i)
    const named = NAMED[code]
    if (named !== undefined) shown += named
    else if (code >= 0x20 && code < 0x7f) shown += text[i]
    else shown += `\\x${code.toString(16).padStart(2, '0')}`
  }
  return text.length > maxBytes ? `${shown}...` : shown
}

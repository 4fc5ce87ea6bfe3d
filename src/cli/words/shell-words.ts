/** A command line as a shell would split it: blanks, quotation marks, backslashes, lines that go on. No variables, no globs. */

import { usageFailure } from '../tell/failure.ts'

const ANSI_ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  '\\': '\\',
  "'": "'",
  '"': '"',
}

/** Pipes, redirections, lists: outside quotation marks they are for the shell. A `&` in a word is one of a URL. */
const OPERATOR = /^(?:&&|\|\||>>|[|<>;]|&(?=\s|$))/

/**
 * The words.
 * @throws CommandFailure of `usage` for a quotation mark that is not closed, and for what only a shell can do: `|`, `>`, `;`
 */
export function splitShellWords(text: string): string[] {
  const words: string[] = []
  let word: string | undefined
  for (let at = 0; at < text.length; at++) {
    const one = text[at]!
    if (/\s/.test(one)) {
      if (word !== undefined) words.push(word)
      word = undefined
    } else if (OPERATOR.test(text.slice(at, at + 2))) {
      // Security: half of a line is not what was meant, and what stands after the operator is not told.
      throw usageFailure(
        `the line has ${OPERATOR.exec(text.slice(at, at + 2))![0]} in it, which is for the shell`,
        'the part before it alone, or quotation marks around the word that has it',
      )
    } else if (one === '\\') {
      const next = text[++at] ?? ''
      // A line that goes on.
      if (next === '\r' && text[at + 1] === '\n') at++
      else if (next !== '\n') word = (word ?? '') + next
    } else if (one === "'" || one === '"' || (one === '$' && text[at + 1] === "'")) {
      const kind = one === '$' ? '$' : one
      const [inner, end] = readQuoted(text, one === '$' ? at + 2 : at + 1, kind)
      word = (word ?? '') + inner
      at = end
    } else word = (word ?? '') + one
  }
  if (word !== undefined) words.push(word)
  return words
}

/** What stands in quotation marks, and where they end. `$` is for `$'…'`. */
function readQuoted(text: string, start: number, kind: string): [inner: string, end: number] {
  const close = kind === '$' ? "'" : kind
  let inner = ''
  for (let at = start; at < text.length; at++) {
    const one = text[at]!
    if (one === close) return [inner, at]
    if (one === '\\' && kind !== "'") {
      const next = text[++at] ?? ''
      if (kind === '$') inner += ANSI_ESCAPES[next] ?? `\\${next}`
      else inner += /["\\$`]/.test(next) ? next : next === '\n' ? '' : `\\${next}`
    } else inner += one
  }
  throw usageFailure('a quotation mark is not closed', "httplib curl 'the whole line'")
}

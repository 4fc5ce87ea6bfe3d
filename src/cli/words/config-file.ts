/**
 * Configuration files: `-K FILE` and `~/.httplibrc`, in curl's form. One option on a line, its value after blanks, `=` or `:`,
 * in quotation marks where it has blanks; `#` begins a comment.
 */

export interface ConfigLine {
  readonly option: string
  readonly value: string | undefined
}

const ESCAPES: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', v: '\v' }

/** The lines that say something; what is none is told, and left out, as in curl. */
export function readConfigLines(text: string, name: string, warn: (text: string) => void): ConfigLine[] {
  return text.split(/\r?\n/).flatMap((line, index) => {
    const trimmed = line.trim()
    if (trimmed === '' || trimmed.startsWith('#')) return []
    const [, option = '', rest = ''] = /^([^\s=:]+)(?:\s*[=:]\s*|\s+|$)(.*)$/s.exec(trimmed) ?? []
    if (option === '') {
      warn(`line ${index + 1} of ${name} has no option, and is left out`)
      return []
    }
    return [{ option, value: readValue(rest) }]
  })
}

function readValue(rest: string): string | undefined {
  if (rest === '') return undefined
  if (!rest.startsWith('"')) return /^\S+/.exec(rest)?.[0]
  const [, quoted = ''] = /^"((?:[^"\\]|\\.)*)/s.exec(rest) ?? []
  return quoted.replace(/\\(.)/gs, (_, one: string) => ESCAPES[one] ?? one)
}

// Reads TypeScript sources just well enough for the architecture test: which modules a file imports and how, and
// which words stand in its code outside comments and literals. TypeScript 7 has no compiler interface to ask.

import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

/** How a module is imported: at load time, for its types only, or by `import()`. */
export type ImportKind = 'static' | 'type' | 'dynamic'

export interface ImportLine {
  readonly specifier: string
  readonly kind: ImportKind
  /** 1 for the first line of the file. */
  readonly line: number
}

export interface SourceFile {
  /** Path below the scanned folder, with slashes: `h1/states.ts`. */
  readonly name: string
  readonly text: string
  /** The text with comments and the insides of strings, templates and regular expressions blanked. */
  readonly code: string
  readonly imports: readonly ImportLine[]
}

/** Every TypeScript file below a folder, in the order of its names. */
export function readSources(folder: string): SourceFile[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => name.split(path.sep).join('/'))
    .sort()
    .map((name) => scanSource(name, readFileSync(path.join(folder, name), 'utf8')))
}

/** One source from its text. */
export function scanSource(name: string, text: string): SourceFile {
  const code = blankComments(text, { literals: true })
  return { name, text, code, imports: readImports(blankComments(text, { literals: false }), code) }
}

const STATIC_IMPORT = /\b(?:import|export)\s+(type\s+)?(?:[\w*{][^'"`;]*?\bfrom\s*)?(['"])([^'"\n]*)\2/g
const DYNAMIC_IMPORT = /\b(?:import|require|getBuiltinModule|lateModule)\s*\(\s*(['"])([^'"\n]*)\1/g

/** `withLiterals` and `code` have the same offsets: a match counts only if its keyword stands in code. */
function readImports(withLiterals: string, code: string): ImportLine[] {
  const lineAt = (index: number): number => withLiterals.slice(0, index).split('\n').length
  const found: ImportLine[] = []
  for (const match of withLiterals.matchAll(STATIC_IMPORT)) {
    if (code[match.index] === ' ') continue
    const kind = match[1] === undefined ? 'static' : 'type'
    found.push({ specifier: match[3] ?? '', kind, line: lineAt(match.index) })
  }
  for (const match of withLiterals.matchAll(DYNAMIC_IMPORT)) {
    if (code[match.index] === ' ') continue
    found.push({
      specifier: match[2] ?? '',
      kind: isTypeQuery(code, match.index) ? 'type' : 'dynamic',
      line: lineAt(match.index),
    })
  }
  return found
}

/** True for `import('x').Y` where a type is expected, told by what stands before it. */
function isTypeQuery(code: string, index: number): boolean {
  return /(?:\btypeof|[:|&<])\s*$/.test(code.slice(0, index)) && !/\?[^\n]*:\s*$/.test(code.slice(0, index))
}

/**
 * Puts blanks over comments, and with `literals` over the insides of strings, templates and regular
 * expressions too; line ends stay. Code inside `${ }` stays.
 */
function blankComments(text: string, { literals }: { readonly literals: boolean }): string {
  const out = text.split('')
  const blank = (from: number, to: number): void => {
    for (let i = from; i < to; i += 1) if (out[i] !== '\n') out[i] = ' '
  }
  // Open braces per template nesting: at zero, `}` goes back into the template.
  const braces: number[] = []
  let at = 0
  while (at < text.length) {
    const char = text[at]
    let end: number
    if (text.startsWith('//', at)) {
      end = endOf(text, at, /\n/g)
      blank(at, end)
    } else if (text.startsWith('/*', at)) {
      end = endOf(text, at + 2, /\*\//g) + 2
      blank(at, end)
    } else if (char === "'" || char === '"') {
      end = stringEnd(text, at, char)
      if (literals) blank(at + 1, end - 1)
    } else if (char === '/' && startsRegExp(text, at)) {
      end = regExpEnd(text, at)
      if (literals) blank(at + 1, end - 1)
    } else if (char === '`' || (char === '}' && braces.at(-1) === 0)) {
      if (char === '}') braces.pop()
      end = templateEnd(text, at + 1)
      if (literals) blank(at + 1, end - 1)
      if (text[end - 1] === '{') braces.push(0)
    } else {
      if (braces.length > 0 && (char === '{' || char === '}')) {
        braces.push((braces.pop() ?? 0) + (char === '{' ? 1 : -1))
      }
      end = at + 1
    }
    at = end
  }
  return out.join('')
}

function endOf(text: string, from: number, pattern: RegExp): number {
  pattern.lastIndex = from
  return pattern.exec(text)?.index ?? text.length
}

function stringEnd(text: string, start: number, quote: string): number {
  let at = start + 1
  while (at < text.length && text[at] !== quote && text[at] !== '\n') at += text[at] === '\\' ? 2 : 1
  return at + 1
}

/** The offset behind the closing slash; a slash inside `[ ]` does not close. */
function regExpEnd(text: string, start: number): number {
  let inClass = false
  let at = start + 1
  while (at < text.length && text[at] !== '\n') {
    if (text[at] === '[') inClass = true
    else if (text[at] === ']') inClass = false
    else if (text[at] === '/' && !inClass) return at + 1
    at += text[at] === '\\' ? 2 : 1
  }
  return at
}

/** The offset behind the closing backtick, or behind the next `${`. */
function templateEnd(text: string, start: number): number {
  let at = start
  while (at < text.length) {
    if (text[at] === '`') return at + 1
    if (text.startsWith('${', at)) return at + 2
    at += text[at] === '\\' ? 2 : 1
  }
  return at
}

/** A slash begins a regular expression where a value cannot have ended just before it. */
function startsRegExp(text: string, at: number): boolean {
  const before = text.slice(Math.max(0, at - 80), at).trimEnd()
  return before === '' || /[(,=:[!&|?{};<>+\-*%~^]$|\b(?:return|typeof|case|in|of|await|yield)$/.test(before)
}

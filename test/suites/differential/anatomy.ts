// Takes the bytes of a case apart, as leniently as any of the clients, so that a class can be tied to a feature of the
// bytes. It is written by itself and asks the library nothing: a class that only repeated what the engine says would
// explain nothing.

import type { Case, Method } from './cases.ts'

export interface Anatomy {
  readonly method: Method
  readonly closes: boolean
  /** All bytes, a character for each. */
  readonly text: string
  /** The informational heads in front of the final one, each with its empty line. */
  readonly informational: readonly string[]
  /** From the final start line up to and with the empty line, or to the end of the bytes. */
  readonly head: string
  /** False where no empty line ends the head. */
  readonly headEnds: boolean
  /** The final start line, without its line end. */
  readonly start: string
  /** The field lines of the final head, folds undone, without line ends. */
  readonly lines: readonly string[]
  /** What stands after the final head. */
  readonly rest: string
}

const INFORMATIONAL = /^HTTP\/\d\.\d[ \t]+1(?!01)\d\d(?!\d)/

export function takeApart({ method, closes, bytes }: Case): Anatomy {
  const text = bytes.toString('latin1')
  const informational: string[] = []
  let from = 0
  while (true) {
    // Empty lines in front of a start line belong to it: some clients skip them.
    const lead = /^(?:\r?\n)*/.exec(text.slice(from))![0].length
    const match = /\n\r?\n/.exec(text.slice(from + lead))
    const end = match === null ? text.length : from + lead + match.index + match[0].length
    const head = text.slice(from, end)
    if (match !== null && INFORMATIONAL.test(head.slice(lead))) {
      informational.push(head)
      from = end
      continue
    }
    const [start = '', ...lines] = linesOf(head.slice(lead))
    return {
      method,
      closes,
      text,
      informational,
      head,
      headEnds: match !== null,
      start,
      lines,
      rest: text.slice(end),
    }
  }
}

const linesOf = (head: string): string[] =>
  head
    .replace(/\r?\n\r?\n$/, '')
    .replace(/\r?\n[ \t]+/g, ' ')
    .split(/\r?\n/)

/** The values of the final head's lines with this name, without white space around them. */
export function valuesOf({ lines }: Anatomy, name: string): string[] {
  const pattern = new RegExp(`^${name}[ \\t]*:[ \\t]*(.*?)[ \\t]*$`, 'is')
  return lines.flatMap((line) => pattern.exec(line)?.[1] ?? [])
}

export const lengthsOf = (anatomy: Anatomy): string[] => valuesOf(anatomy, 'content-length')
export const codingsOf = (anatomy: Anatomy): string[] => valuesOf(anatomy, 'transfer-encoding')

/** A line of the final head with this name goes on in the next. */
export const isFolded = ({ head }: Anatomy, name: string): boolean =>
  new RegExp(`\\n${name}[ \\t]*:[^\\n]*\\n[ \\t]`, 'i').test(head)

/** The framing fields of the head are one line or none, which every reader understands. */
export function hasPlainFraming(anatomy: Anatomy): boolean {
  const [lengths, codings] = [lengthsOf(anatomy), codingsOf(anatomy)]
  return (
    lengths.length + codings.length <= 1 &&
    lengths.every((value) => /^0*\d{1,15}$/.test(value)) &&
    codings.every((value) => /^chunked$/i.test(value)) &&
    !isFolded(anatomy, 'content-length') &&
    !isFolded(anatomy, 'transfer-encoding')
  )
}

/** The Content-Length has a tab after its digits. */
export const hasTabBehindLength = ({ head }: Pick<Anatomy, 'head'>): boolean =>
  /\ncontent-length:[^\n]*\d *\t/i.test(head)

/** The informational heads have no framing fields but such as every reader understands. */
export const hasPlainInformational = (anatomy: Anatomy): boolean =>
  anatomy.informational.every(
    (head) => hasPlainFraming({ ...anatomy, head, lines: linesOf(head) }) && !hasTabBehindLength({ head }),
  )

/** The status code of the final start line, where one can be seen; 0 else. */
export const statusOf = ({ start }: Anatomy): number =>
  Number(/^\s*HTTP\/\d\.\d\s+(\d{3})(?!\d)/.exec(start)?.[1] ?? 0)

/** The response has no body by its status or the method (RFC 9112 §6.3, rule 1). */
export const isBodiless = (anatomy: Anatomy): boolean =>
  anatomy.method === 'HEAD' || [101, 204, 304].includes(statusOf(anatomy))

/** The client does not see that the body is chunked: the field is a list, or in several lines, or folded. */
export function misreadsCoding(client: string, anatomy: Anatomy): boolean {
  if (!isChunked(anatomy)) return false
  const written = [...anatomy.head.matchAll(/\ntransfer-encoding:[ \t]*([^\r\n]*)/gi)].map(
    ([, value = '']) => value,
  )
  if (client === 'http.client')
    return !/^chunked$/i.test(written[0] ?? '') || isFolded(anatomy, 'transfer-encoding')
  if (client === 'node:http') return !/chunked *$/i.test(written.at(-1) ?? '')
  return isFolded(anatomy, 'transfer-encoding')
}

export const isChunked = (anatomy: Anatomy): boolean =>
  !isBodiless(anatomy) && /(?:^|[,\s])chunked[\s,]*$/i.test(codingsOf(anatomy).join(', '))

/** An informational head says that the connection ends: by its version or by close. */
export const closesEarly = ({ informational }: Anatomy): boolean =>
  informational.some((head) => /^HTTP\/1\.0|\nConnection:[^\n]*close/i.test(head))

/** A switch of protocols; no request of a run asks for one. */
export const isUnsolicitedSwitch = (anatomy: Anatomy): boolean => statusOf(anatomy) === 101

/** The final head and those in front of it. */
export const allHeads = ({ informational, head }: Anatomy): string => informational.join('') + head

/** A field line of the final head is folded. */
export const hasFold = (anatomy: Anatomy): boolean => /[^\n]\r?\n[ \t]/.test(allHeads(anatomy))

/**
 * What is wrong first in the first start line with a fault, from left to right (RFC 9112 §4): empty lines or white space in front of it,
 * the version, what separates version and code, the code, what separates code and reason, the reason.
 */
export function startFault({ informational, head }: Anatomy): StartFault {
  return [...informational, head].map(faultOfHead).find((fault) => fault !== 'none') ?? 'none'
}

/** The start line that has it. */
export function faultyStart({ informational, head }: Anatomy): string {
  return [...informational, head].find((one) => faultOfHead(one) !== 'none') ?? ''
}

/** The status codes of the informational heads. */
export const informationalStatuses = ({ informational }: Anatomy): number[] =>
  informational.map((head) => Number(/1\d\d/.exec(head.slice(8))?.[0]))

export type StartFault = 'in front' | 'version' | 'separator' | 'code' | 'after code' | 'reason' | 'none'

function faultOfHead(head: string): StartFault {
  if (/^[\s\0]/.test(head)) return 'in front'
  const start = head.replace(/\r?\n.*$/s, '')
  if (!/^HTTP\/1\.\d(?!\d)/.test(start)) return 'version'
  if (!/^HTTP\/1\.\d (?!\s)/.test(start)) return 'separator'
  if (!/^.{9}[1-9]\d\d/s.test(start)) return 'code'
  if (start.length > 12 && start[12] !== ' ') return /\d/.test(start[12]!) ? 'code' : 'after code'
  return /[^\t\x20-\x7e\x80-\xff]/.test(start.slice(12)) ? 'reason' : 'none'
}

/** A chunked body as a lenient reader sees it. */
export interface Chunks {
  /** The lines that hold sizes, with their line ends. */
  readonly sizeLines: readonly string[]
  /** The two bytes after each chunk's data, where there are any. */
  readonly ends: readonly string[]
  /** What stands after the line of the last chunk; undefined where that was not found. */
  readonly trailers: string | undefined
}

export function takeChunksApart({ rest }: Anatomy): Chunks {
  const sizeLines: string[] = []
  const ends: string[] = []
  let at = 0
  while (true) {
    const line = /^[^\n]*\n/.exec(rest.slice(at))?.[0]
    const size = Number.parseInt(
      /^[\s+]*(?:0x)?([0-9a-f_]+)/i.exec(line ?? '')?.[1]?.replaceAll('_', '') ?? '',
      16,
    )
    if (line === undefined) {
      const unended = rest.slice(at)
      if (unended !== '') sizeLines.push(unended)
      return { sizeLines, ends, trailers: /^0+(?:[;\s].*)?$/s.test(unended) ? '' : undefined }
    }
    sizeLines.push(line)
    at += line.length
    if (Number.isNaN(size)) return { sizeLines, ends, trailers: undefined }
    if (size === 0) return { sizeLines, ends, trailers: rest.slice(at) }
    at += size
    ends.push(rest.slice(at, at + 2))
    at += rest[at] === '\n' ? 1 : 2
    if (at > rest.length) return { sizeLines, ends, trailers: undefined }
  }
}

/** The line of a size without line end and extensions. */
export const sizeOf = (line: string): string => line.replace(/\r?\n$/, '').replace(/;.*$/s, '')

/** The trailer section, without its empty line and what is after it; '' where there is none. */
export function trailersOf(anatomy: Anatomy): string {
  if (!isChunked(anatomy)) return ''
  const trailers = takeChunksApart(anatomy).trailers ?? ''
  const end = /(?:^|\n)\r?\n/.exec(trailers)
  return end === null ? trailers : trailers.slice(0, end.index + end[0].length)
}

/** How many bytes stand after the message, where its framing is plain. */
export function surplusOf(anatomy: Anatomy): string {
  const { rest } = anatomy
  if (isBodiless(anatomy)) return rest
  if (isChunked(anatomy)) {
    const { trailers } = takeChunksApart(anatomy)
    return trailers === undefined ? '' : trailers.slice(trailersOf(anatomy).length)
  }
  const [length] = lengthsOf(anatomy).flatMap((value) => value.split(','))
  return length === undefined || codingsOf(anatomy).length > 0 ? '' : rest.slice(Number(length))
}

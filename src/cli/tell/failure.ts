/**
 * From whatever went wrong to three lines on standard error and an exit code: what happened, why, and what to try next.
 *
 * Security: no line holds a credential or a query string, and no character that could steer a terminal.
 */

import { HTTPException } from '../../errors/index.ts'
import { errorRow } from '../../errors/table.ts'
import type { Colors } from '../show/colors.ts'
import { adviceFor, adviceForProxy } from './advice.ts'
import { type ExitName, exitNameOf } from './exit-codes.ts'
import { wrapText } from './wrap.ts'

/** What the command itself found wrong, as a row of the exit codes with its own next step. */
export class CommandFailure extends Error {
  readonly exit: ExitName
  readonly advice: string
  /** The reason, where the message has none. */
  readonly why: string | undefined

  constructor(
    exit: ExitName,
    what: string,
    advice: string,
    { why, ...options }: { cause?: unknown; why?: string | undefined } = {},
  ) {
    super(what, options)
    this.exit = exit
    this.advice = advice
    this.why = why
  }
}

/** Something in the words and options that cannot be. */
export function usageFailure(
  what: string,
  advice = 'httplib --help',
  why?: string,
  exit: ExitName = 'usage',
): CommandFailure {
  return new CommandFailure(exit, what, advice, { why })
}

/** The reason of the abort after Ctrl-C. */
export class Interrupted extends Error {}

/** How a run ended. */
export interface Ending {
  readonly exit: ExitName
  /** What to tell, if anything. */
  readonly what?: string | undefined
  readonly why?: string | undefined
  readonly advice?: string | undefined
}

/** What an error means for the person who typed the command. */
export function describeFailure(error: unknown): Ending {
  if (error instanceof Interrupted) return { exit: 'interrupted' }
  if (error instanceof CommandFailure)
    return { exit: error.exit, what: error.message, why: error.why, advice: error.advice }
  if (HTTPException.isHTTPException(error)) return describeError(error)
  const refused = refusedValue(error)
  if (refused !== undefined) return { exit: 'usage', what: refused, advice: 'httplib --help all' }
  const unusable = unusableFile(error)
  if (unusable !== undefined)
    return {
      exit: 'local-write',
      what: 'a file could not be used',
      why: unusable,
      advice: 'another file, or check rights and room on the disk',
    }
  const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  return {
    exit: 'unexpected',
    what: `unexpected: ${what}`,
    advice: 'again with -v, and report what it shows',
  }
}

/** What the system says of a file that nobody said more about; undefined for what is none. */
function unusableFile(error: unknown): string | undefined {
  const { path, syscall } = error instanceof Error ? (error as NodeJS.ErrnoException) : {}
  return path === undefined || syscall === undefined ? undefined : `${path} (${reasonOf(error)})`
}

/** What the library says of a value that it was given, and that came from the words of the command. */
function refusedValue(error: unknown): string | undefined {
  const [, option, why] =
    /^The option '([\w.]+)': (.*)$/s.exec(error instanceof TypeError ? error.message : '') ?? []
  return option === undefined ? undefined : `${option}: ${why}`
}

function describeError(error: HTTPException): Ending {
  const { sentence } = errorRow(error.code)
  const summary = withoutRemedy(error)
  const rest = summary.startsWith(sentence)
    ? summary.slice(sentence.length).replace(/^[:.]?\s*/, '')
    : summary
  return {
    exit: exitNameOf(error.code),
    what: lowerFirst(sentence),
    why: inOwnWords(reasonFirst(withPeer(rest, error))),
    advice:
      error.proxy === undefined
        ? adviceFor(error.code, error.remedy)
        : adviceForProxy(error.code, error.remedy),
  }
}

/** A line goes on after the name of the command; names of fields, and words in capitals, are spelled as they are. */
function lowerFirst(sentence: string): string {
  return /^[A-Z][a-z]*\s/.test(sentence) ? sentence[0]!.toLowerCase() + sentence.slice(1) : sentence
}

/** What has nothing but a rule to name says at least who broke it. */
function withPeer(rest: string, { address, code }: HTTPException): string | undefined {
  if (!rest.startsWith('(')) return rest === '' ? undefined : rest
  const plain = rest.replace(/^\((.*)\)$/s, '$1')
  if (address === undefined) return plain
  return code === 'REMOTE_DISCONNECTED'
    ? `${address} took the request and sent nothing (${plain})`
    : `${address}: ${plain}`
}

/** Which certificate it is comes after what is wrong with it. */
function reasonFirst(why: string | undefined): string | undefined {
  const [, shown, reason] =
    /^(\S+ showed certificate .* with SHA-256 [0-9A-F:]{95}): (.*)$/s.exec(why ?? '') ?? []
  return reason === undefined ? why : `${reason}; ${shown}`
}

/** The options of the library by the names that they have here. */
const OWN_WORDS: readonly (readonly [theirs: string, ours: string])[] = [
  ['redirect.limit', '--max-redirs'],
  ['timeout.total', '--max-time'],
  ['maxHeadBytes is', 'the most bytes that a head may have are'],
  ['maxLineBytes is', 'the most bytes that a line may have are'],
  ['maxFields is', 'the most lines that a head may have are'],
]

function inOwnWords(why: string | undefined): string | undefined {
  return OWN_WORDS.reduce((text, [theirs, ours]) => text?.replaceAll(theirs, ours), why)
}

/** The options of the library mean nothing to a person at a terminal: the advice names the command's. */
function withoutRemedy(error: HTTPException): string {
  return error.remedy === undefined ? error.summary : error.summary.replace(`; ${error.remedy}`, '')
}

const INDENT = 7

/**
 * The lines for standard error, with their ends; empty where there is nothing to tell.
 * @param columns - the width of the terminal that they are for; undefined for none: then each is one line
 */
export function formatEnding({ what, why, advice }: Ending, colors: Colors, columns?: number): string {
  if (what === undefined) return ''
  const lineOf = (mark: string, text: string | undefined): string => {
    if (text === undefined) return ''
    const line = toOneLine(text).replace(/\.$/, '')
    const lines = columns === undefined ? [line] : wrapText(line, Math.max(40, columns - INDENT - 3))
    return `${mark} ${lines.join(`\n${' '.repeat(INDENT)}`)}\n`
  }
  return [
    lineOf(colors.red('httplib:'), what),
    lineOf(colors.bold('  Why:'), why),
    lineOf(colors.bold('  Try:'), advice),
  ].join('')
}

/** A system error in a few words: its code where it has one. */
export function reasonOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code
  return error instanceof Error ? error.message : String(error)
}

/** Without userinfo, query and fragment: what may be shown of an argument that was to be a URL. */
export function hideSecrets(url: string): string {
  const start = url.replace(/[?#].*$/s, '')
  // Security: where an @ stands after a ? or #, what is before them may be the beginning of a password.
  if (url.slice(start.length).includes('@')) return `${/^[^/]*\/\//.exec(url)?.[0] ?? ''}...`
  return start.replace(/^([^/]*\/\/)?.*@/s, '$1')
}

/** On one line, with nothing that could steer a terminal. */
export function toOneLine(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '?')
    .trim()
}

/**
 * From words to operations, by the rules of curl: short options combine and take what is left of their word, `--no-` turns a
 * flag off, a long name may be cut short where that is clear, `--next` begins an operation that inherits nothing but what is global.
 */

import { usageFailure } from '../tell/failure.ts'
import { refuseForeign } from './foreign.ts'
import { flagsOf, type OptionRow } from './option-row.ts'
import type { DataPiece, FormPiece, Options, OutputWord } from './options.ts'
import { OPTIONS, optionLettered, optionNamed, optionWritten } from './table.ts'
import { refuseUnknown } from './unknown.ts'

/** What one operation was told. */
export interface Operation {
  readonly options: Options
  /** In order, of words and of `--url`. */
  readonly urls: readonly string[]
}

/** What is to be told instead of anything being done. */
export interface Telling {
  readonly what: 'version' | 'help' | 'manual'
  /** The category of help; empty for the short one. */
  readonly category: string
}

export interface CommandLine {
  readonly operations: readonly Operation[]
  readonly telling: Telling | undefined
}

type Mutable = Record<string, unknown>

/** Takes words one after the other. */
export class WordReader {
  readonly #operations: { options: Mutable; urls: string[] }[] = [{ options: {}, urls: [] }]
  readonly #global: Mutable = {}
  #telling: Telling | undefined
  #areOptionsOver = false

  /** One line of a configuration: a long or short option with its value, or a URL. Gives the files that it names. */
  readLine(option: string, value: string | undefined): readonly string[] {
    if (option.startsWith('-') && !option.startsWith('--')) this.#readShort(option, value)
    else this.#readLong(option.startsWith('--') ? option : `--${option}`, value)
    return this.#takeConfigs()
  }

  /**
   * Gives the names of configuration files where they stand: what is in them belongs before the words that follow.
   * @throws CommandFailure of `usage` for what is not known, or lacks its value
   */
  *read(words: readonly string[]): Generator<string> {
    for (let at = 0; at < words.length; at++) {
      const word = words[at]!
      if (this.#areOptionsOver || word === '-' || !word.startsWith('-')) this.#operation().urls.push(word)
      else if (word === '--') this.#areOptionsOver = true
      else if (word.startsWith('--')) at += this.#readLong(word, words[at + 1])
      else at += this.#readShort(word, words[at + 1])
      yield* this.#takeConfigs()
    }
  }

  /** Configuration files that were named since the last call. */
  #takeConfigs(): readonly string[] {
    const names = (this.#global['config'] as string[] | undefined) ?? []
    delete this.#global['config']
    return names
  }

  /** What all of it comes to. */
  finish(): CommandLine {
    return {
      operations: this.#operations.map(({ options, urls }) => ({
        options: { ...options, ...this.#global } as Options,
        urls,
      })),
      telling: this.#telling,
    }
  }

  #operation(): { options: Mutable; urls: string[] } {
    return this.#operations.at(-1)!
  }

  /** Answers how many further words were taken. */
  #readLong(word: string, next: string | undefined): number {
    const equals = word.indexOf('=')
    const written = (equals < 0 ? word : word.slice(0, equals)).slice(2)
    const { row, isOff } = findLong(written) ?? refuseWord(`--${written}`)
    if (row.kind === 'flag') {
      if (equals >= 0) throw usageFailure(`--${written} takes no value`, `--${written} alone`)
      this.#set(row, !isOff)
      return 0
    }
    if (isOff) throw usageFailure(`--${written} turns nothing off`, flagsOf(row))
    if (row.value === '' || isUnvalued(row, next)) return this.#act(row, '')
    if (equals >= 0) return this.#act(row, word.slice(equals + 1))
    return this.#take(row, `--${written}`, next)
  }

  #readShort(word: string, next: string | undefined): number {
    for (let at = 1; at < word.length; at++) {
      const letter = word[at]!
      const row = optionLettered(letter) ?? refuseWord(`-${letter}`)
      if (row.kind === 'flag') this.#set(row, !row.isOnByDefault)
      else if (row.value === '' || row.long === 'remote-name') this.#act(row, '')
      else {
        const rest = word.slice(at + 1)
        if (rest !== '') {
          this.#act(row, rest)
          return 0
        }
        return isUnvalued(row, next) ? this.#act(row, '') : this.#take(row, `-${letter}`, next)
      }
    }
    return 0
  }

  #take(row: OptionRow, written: string, next: string | undefined): number {
    if (next === undefined) throw usageFailure(`${written} has no value`, flagsOf(row))
    this.#act(row, next)
    return 1
  }

  /** Answers 0: no further word is taken. */
  #act(row: OptionRow, value: string): number {
    if (row.kind === 'next') {
      const { urls, options } = this.#operation()
      if (urls.length === 0) {
        // Nothing was asked for yet: there is nothing to part from what comes.
        if (this.#operations.length === 1 && Object.keys(options).length === 0) return 0
        throw usageFailure('there is no URL before --next', 'a URL before it')
      }
      this.#operations.push({ options: {}, urls: [] })
    } else if (row.kind === 'tell') {
      const what = row.long as Telling['what']
      this.#telling ??= { what, category: value }
    } else if (row.long === 'url') {
      this.#operation().urls.push(value)
    } else {
      const read = readValue(row, value)
      // No limit, as in curl: as if nothing had been said. A speed and its time go together.
      if (read === 0 && (row.kind === 'seconds' || row.kind === 'size')) {
        for (const name of row.name.startsWith('speed') ? ['speedLimit', 'speedTime'] : [row.name])
          delete this.#operation().options[name]
      } else this.#set(row, read)
    }
    return 0
  }

  #set(row: OptionRow, value: unknown): void {
    const options = row.isGlobal ? this.#global : this.#operation().options
    // What was said last counts, also where it has another name.
    const rule = VOIDING[row.long]
    if (rule !== undefined && rule.by === value) for (const one of rule.what) delete options[one]
    const isList = row.kind === 'list' || row.kind === 'data' || row.kind === 'form' || row.kind === 'output'
    options[row.name] = isList ? [...((options[row.name] as unknown[]) ?? []), value] : value
  }
}

/** Options that say one thing: where one is said, on or off, what another has said is void. As in curl. */
const VOIDING: Readonly<Record<string, { readonly by: boolean; readonly what: readonly string[] }>> = {
  ipv4: { by: true, what: ['ipv6'] },
  ipv6: { by: true, what: ['ipv4'] },
  'http1.0': { by: true, what: ['http1_1'] },
  'http1.1': { by: true, what: ['http1_0'] },
  location: { by: false, what: ['locationTrusted'] },
  'location-trusted': { by: false, what: ['location'] },
  ...Object.fromEntries(
    ['tlsv1', 'tlsv1.0', 'tlsv1.1', 'tlsv1.2', 'tlsv1.3'].map((one, _, all) => [
      one,
      { by: true, what: all.filter((other) => other !== one).map((other) => other.replace('.', '_')) },
    ]),
  ),
}

/** `-h` may stand alone: what it is to tell of is a word that is no option, or one as it is written. */
function isUnvalued(row: OptionRow, next: string | undefined): boolean {
  if (row.kind !== 'tell') return false
  return (
    next === undefined || (next.startsWith('-') && (row.long !== 'help' || optionWritten(next) === undefined))
  )
}

function refuseWord(written: string): never {
  refuseForeign(written)
  return refuseUnknown(written)
}

/** What a clock of milliseconds can still count. */
const MAX_SECONDS = Number.MAX_SAFE_INTEGER / 1_000
/** Of names that begin alike, so many are told. */
const MAX_NAMED = 5

/** By its whole name, by `no-` and its name, or by its beginning where no other one begins so. */
function findLong(written: string): { row: OptionRow; isOff: boolean } | undefined {
  const exact = optionNamed(written)
  if (exact !== undefined) return { row: exact, isOff: false }
  const positive = written.startsWith('no-') ? optionNamed(written.slice(3)) : undefined
  if (positive !== undefined) return { row: positive, isOff: true }
  // An option of curl that is not here is none that is cut short.
  refuseForeign(`--${written}`)
  const begun = OPTIONS.filter(({ long, isOnByDefault }) =>
    (isOnByDefault ? `no-${long}` : long).startsWith(written),
  )
  if (begun.length > 1 && written !== '') {
    const names = begun
      .slice(0, MAX_NAMED)
      .map(({ long, isOnByDefault }) => `--${isOnByDefault ? 'no-' : ''}${long}`)
    throw usageFailure(
      `--${written} is ambiguous`,
      `${names.join(', ')}${begun.length > MAX_NAMED ? ', …' : ''}`,
    )
  }
  if (begun.length !== 1 || written.length < 3) return undefined
  return { row: begun[0]!, isOff: begun[0]!.isOnByDefault }
}

function readValue(row: OptionRow, text: string): unknown {
  switch (row.kind) {
    case 'seconds':
      return readNumber(row, text, 'a number of seconds', (value) => value >= 0 && value <= MAX_SECONDS)
    case 'count':
      return readCount(row, text)
    case 'size':
      return readSize(row, text)
    case 'rate':
      return readRate(row, text)
    case 'data':
      return { kind: row.data!, text } satisfies DataPiece
    case 'form':
      return { text, isLiteral: row.long === 'form-string' } satisfies FormPiece
    case 'output':
      return (row.long === 'output' ? { kind: 'file', name: text } : { kind: 'remote' }) satisfies OutputWord
    default:
      return text
  }
}

function readNumber(row: OptionRow, text: string, what: string, isGood: (value: number) => boolean): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value) || !isGood(value))
    throw usageFailure(`--${row.long} takes ${what}`, flagsOf(row))
  return value
}

/** In decimal digits, as in curl. */
function readCount(row: OptionRow, text: string): number {
  const isGood = (value: number): boolean =>
    Number.isSafeInteger(value) && (value >= 0 || (value === -1 && row.mayBeUnlimited))
  const digits = /^[+-]?\d+$/.test(text) ? text : 'none'
  // `-0` is 0.
  return readNumber(row, digits, row.mayBeUnlimited ? 'a whole number, or -1' : 'a whole number', isGood) + 0
}

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: 1_024,
  m: 1_024 ** 2,
  g: 1_024 ** 3,
  t: 1_024 ** 4,
}

function readSize(row: OptionRow, text: string): number {
  const [, digits, unit = ''] = /^(\d+(?:\.\d+)?)([bkmgt]?)$/i.exec(text) ?? []
  const factor = UNITS[unit.toLowerCase()]
  if (digits === undefined || factor === undefined)
    throw usageFailure(`--${row.long} takes a number of bytes, such as 1000, 200k, 1M`, flagsOf(row))
  return Math.floor(Number(digits) * factor)
}

const TIMES_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** How far the beginnings of transfers are apart, in milliseconds; without a unit it is so many in an hour, as in curl. */
function readRate(row: OptionRow, text: string): number {
  const [, digits = '', unit = 'h'] = /^(\d{1,15})(?:\/([smhd])[a-z]*)?$/.exec(text) ?? []
  if (Number(digits) > 0) return TIMES_MS[unit]! / Number(digits)
  throw usageFailure(`--${row.long} takes a number of transfers and a time, such as 10/s, 5/m`, flagsOf(row))
}

/** Reads words that are the whole command line; files that they name are not read. */
export function readWords(words: readonly string[]): CommandLine {
  const reader = new WordReader()
  Array.from(reader.read(words))
  return reader.finish()
}

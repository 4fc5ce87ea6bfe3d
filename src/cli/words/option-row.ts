/** A row of the table of options: what parser, help, documentation and completions are made from. */

import type { DataPiece, OptionName } from './options.ts'

/** What a value is, and how several are taken: the last one, a list, a piece of the body. */
export type OptionKind =
  | 'flag'
  | 'text'
  | 'list'
  /** A whole number from 0. */
  | 'count'
  /** Seconds, with a fraction or without. */
  | 'seconds'
  /** Bytes, with `k`, `M`, `G` for powers of 1,024. */
  | 'size'
  /** So many in a time: `10/s`. */
  | 'rate'
  | 'data'
  | 'form'
  | 'output'
  /** Write a text and end. */
  | 'tell'
  /** Begins the next operation. */
  | 'next'

/** For `--help CATEGORY`, in curl's words. */
export const CATEGORIES = {
  important: 'the most used',
  http: 'the request and what follows it',
  post: 'the body',
  upload: 'files to the server',
  output: 'where things are written',
  auth: 'who you are, and cookies',
  connection: 'how the server is reached',
  dns: 'names and addresses',
  proxy: 'proxies',
  tls: 'certificates and ciphers',
  time: 'how long, how fast, how often',
  verbose: 'looking closely',
  curl: 'the command itself',
  httplib: 'what curl does not have',
} as const

export type Category = keyof typeof CATEGORIES

export interface OptionRow {
  /** One letter, or empty. */
  readonly letter: string
  /** Without the dashes. */
  readonly long: string
  /** What the value is called; empty for a flag. */
  readonly value: string
  readonly kind: OptionKind
  readonly category: Category
  readonly meaning: string
  /** The name among `Options`. */
  readonly name: OptionName
  /** Of the whole command and not of one operation. */
  readonly isGlobal: boolean
  /** For `--help`: one line of a terminal, so at most 49 characters. Empty for those that it does not show. */
  readonly brief: string
  /** What is other than in curl; empty where nothing is. */
  readonly differs: string
  /** For pieces of data: which. */
  readonly data: DataPiece['kind'] | undefined
  /** For a flag that is on unless `--no-` says otherwise. */
  readonly isOnByDefault: boolean
  /** For a count that may be -1, which is none. */
  readonly mayBeUnlimited: boolean
}

type Extras = Partial<
  Pick<OptionRow, 'name' | 'isGlobal' | 'brief' | 'differs' | 'data' | 'isOnByDefault' | 'mayBeUnlimited'>
>

/** Makes a row of `-X, --request <method>` and the rest. */
export function row(
  flags: string,
  kind: OptionKind,
  category: Category,
  meaning: string,
  extras: Extras = {},
): OptionRow {
  const [, letter = '', written = '', value = ''] = /^(?:-(.), )?--(\S+)(?: <(.+)>)?$/.exec(flags) ?? []
  const long = extras.isOnByDefault === true ? written.replace(/^no-/, '') : written
  return {
    letter,
    long,
    value,
    kind,
    category,
    meaning,
    name: camelCase(long) as OptionName,
    isGlobal: false,
    brief: '',
    differs: '',
    data: undefined,
    isOnByDefault: false,
    mayBeUnlimited: false,
    ...extras,
  }
}

/** As help and documentation write it: `-X, --request <method>`. */
export function flagsOf({ letter, long, value, isOnByDefault }: OptionRow): string {
  const name = `--${isOnByDefault ? 'no-' : ''}${long}`
  return `${letter === '' ? '' : `-${letter}, `}${name}${value === '' ? '' : ` <${value}>`}`
}

function camelCase(long: string): string {
  return long.replace('.', '_').replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
}

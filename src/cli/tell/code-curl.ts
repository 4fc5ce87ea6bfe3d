/** `--to curl`: one URL of the command line, with all that was said of it, as a line of curl. Options are curl's already. */

import type { Plan } from '../transfer/plan.ts'
import type { OptionRow } from '../words/option-row.ts'
import type { DataPiece, FormPiece, Options, OutputWord } from '../words/options.ts'
import { OPTIONS } from '../words/table.ts'

/** For a shell, with an end of line. */
export function writeCurl(plan: Plan): string {
  const { options, words, method } = plan
  const own = OPTIONS.flatMap((row) => wordsOf(row, options))
  const output = words.output === undefined ? [] : outputWords(words.output)
  const upload = words.upload === undefined ? [] : ['-T', words.upload]
  // Globs are expanded: what looks like one is none.
  const isGlobLike = [words.url, words.upload ?? ''].some((text) => /[[\]{}]/.test(text))
  const all = [
    'curl',
    ...methodWords(method, plan),
    ...own,
    ...output,
    ...upload,
    ...(isGlobLike && options.globoff !== true ? ['-g'] : []),
    ...(words.url.startsWith('-') ? ['--url'] : []),
    words.url,
  ]
  return `${all.map(shellWord).join(' ')}\n`
}

function methodWords(method: string, { options, words }: Plan): string[] {
  const { head, form, data, get } = options
  if (method === 'HEAD') return head === true ? [] : ['-I']
  const hasBody = form !== undefined || (data !== undefined && get !== true)
  const implied = head === true ? 'HEAD' : words.upload !== undefined ? 'PUT' : hasBody ? 'POST' : 'GET'
  return method === implied ? [] : ['-X', method]
}

/** What belongs to one URL is said by the caller; what is of the whole command, or not of curl, is not said. */
function wordsOf(row: OptionRow, options: Options): string[] {
  const { name, kind, category, letter, long, isOnByDefault } = row
  const value = options[name]
  const isLeftOut =
    category === 'curl' || category === 'httplib' || name === 'request' || name === 'uploadFile'
  if (value === undefined || isLeftOut) return []
  const word = letter === '' ? `--${isOnByDefault ? 'no-' : ''}${long}` : `-${letter}`
  switch (kind) {
    case 'flag':
      return value === isOnByDefault ? [] : [word]
    case 'data':
      // One row of several says all pieces, in their order.
      return long === 'data' ? (value as DataPiece[]).flatMap(dataWords) : []
    case 'form':
      return long === 'form' ? (value as FormPiece[]).flatMap(formWords) : []
    case 'list':
      return (value as string[]).flatMap((one) => [word, one])
    case 'output':
    // Of one transfer alone it says nothing.
    case 'rate':
      return []
    default:
      return [word, typeof value === 'number' ? String(value) : (value as string)]
  }
}

const DATA_WORDS: Readonly<Record<DataPiece['kind'], string>> = {
  ascii: '-d',
  binary: '--data-binary',
  raw: '--data-raw',
  urlencode: '--data-urlencode',
  json: '--json',
}

function dataWords({ kind, text }: DataPiece): string[] {
  return [DATA_WORDS[kind], text]
}

function formWords({ isLiteral, text }: FormPiece): string[] {
  return [isLiteral ? '--form-string' : '-F', text]
}

function outputWords(output: OutputWord): string[] {
  return output.kind === 'file' ? ['-o', output.name] : ['-O']
}

/** A word of the shell. */
function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}

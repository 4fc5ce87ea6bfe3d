/** Completions of options for shells, made from the table: `httplib completion bash`, `zsh` or `fish`. */

import { CATEGORIES, type OptionRow } from '../words/option-row.ts'
import { OPTIONS } from '../words/table.ts'
import { usageFailure } from './failure.ts'

const WRITERS: Readonly<Record<string, () => string>> = { bash: writeBash, zsh: writeZsh, fish: writeFish }

/** Values that are names of files. */
const isOfFile = ({ value, kind }: OptionRow): boolean =>
  /file|dir|path/.test(value) || kind === 'form' || value === 'hashes'

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

/**
 * The script.
 * @throws CommandFailure of `usage` for another shell
 */
export function writeCompletion(shell: string): string {
  if (!Object.hasOwn(WRITERS, shell))
    throw usageFailure(
      shell === '' ? 'completion takes the name of a shell' : `there is no completion for ${shell}`,
      `httplib completion ${Object.keys(WRITERS).join(', ')}`,
    )
  return WRITERS[shell]!()
}

function longOf(row: OptionRow): string {
  return `--${row.isOnByDefault ? 'no-' : ''}${row.long}`
}

/** Values that are one of a few words. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  'cert-type': ['PEM', 'P12'],
  help: ['all', ...Object.keys(CATEGORIES)],
  'key-type': ['PEM'],
  'proto-default': ['http', 'https'],
  request: METHODS,
  'tls-max': ['1.2', '1.3', 'default'],
  to: ['fetch', 'undici', 'python', 'curl'],
}

const SHELLS = ['bash', 'zsh', 'fish'].join(' ')
const COMMANDS = ['curl', 'demo', 'completion', 'help'].join(' ')

/** As they are typed: `-X`, and `--request`. */
function namesOf(row: OptionRow): string[] {
  return [longOf(row), ...(row.letter === '' ? [] : [`-${row.letter}`])]
}

function writeBash(): string {
  const options = OPTIONS.map(longOf).join(' ')
  const files = OPTIONS.filter(isOfFile).flatMap(namesOf).join('|')
  const values = OPTIONS.filter(({ long }) => Object.hasOwn(VALUES, long)).map(
    (row) =>
      `    ${namesOf(row).join('|')}) COMPREPLY=($(compgen -W "${VALUES[row.long]!.join(' ')}" -- "$word")); return ;;`,
  )
  return `# httplib completion bash > ~/.local/share/bash-completion/completions/httplib
_httplib() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} words=
  case $before in
    ${files}) COMPREPLY=($(compgen -f -- "$word")); return ;;
${values.join('\n')}
    completion) COMPREPLY=($(compgen -W "${SHELLS}" -- "$word")); return ;;
  esac
  [ "$COMP_CWORD" = 1 ] && words="${COMMANDS}"
  case $word in
    -*) COMPREPLY=($(compgen -W "${options}" -- "$word")) ;;
    @*) COMPREPLY=($(compgen -P @ -f -- "\${word#@}")) ;;
    *) COMPREPLY=($(compgen -W "${METHODS.join(' ')} $words" -- "$word")) ;;
  esac
}
complete -o bashdefault -F _httplib httplib
`
}

function writeZsh(): string {
  const lines = OPTIONS.map((row) => {
    const names = row.letter === '' ? longOf(row) : `{-${row.letter},${longOf(row)}}`
    const repeats = row.kind === 'flag' || row.kind === 'text' ? '' : "'*'"
    const value = row.value === '' ? '' : `:${row.value.replace(/[:[\]]/g, ' ')}:${zshAction(row)}`
    return `  ${repeats}${names}'[${zshText(row.meaning)}]${value}'`
  })
  return `#compdef httplib
# httplib completion zsh > "\${fpath[1]}/_httplib"
_httplib_first() {
  _alternative 'methods:method:(${METHODS.join(' ')})' 'commands:command:(${COMMANDS})' 'urls:URL:_urls'
}
_httplib_rest() {
  if [[ $words[2] == completion ]]; then compadd ${SHELLS}; else _urls; fi
}
_httplib_data() {
  if compset -P '@'; then _files; else _message 'a text, or @FILE'; fi
}
_httplib_form() {
  if compset -P '*=[@<]'; then _files; else _message 'name=text, or name=@FILE'; fi
}
_arguments -s \\
${lines.join(' \\\n')} \\
  '1: :_httplib_first' \\
  '*: :_httplib_rest'
`
}

function zshAction(row: OptionRow): string {
  if (Object.hasOwn(VALUES, row.long)) return `(${VALUES[row.long]!.join(' ')})`
  if (row.kind === 'data') return '_httplib_data'
  if (row.kind === 'form') return '_httplib_form'
  return isOfFile(row) ? '_files' : ''
}

function zshText(text: string): string {
  return text.replaceAll("'", "'\\''").replace(/[[\]:]/g, '\\$&')
}

function writeFish(): string {
  const lines = OPTIONS.map((row) => {
    const letter = row.letter === '' ? '' : ` -s '${row.letter}'`
    const name = `${letter} -l ${longOf(row).slice(2)}`
    return `complete -c httplib${name}${fishValue(row)} -d '${row.meaning.replace(/[\\']/g, '\\$&')}'`
  })
  return `# httplib completion fish > ~/.config/fish/completions/httplib.fish
function __httplib_at
  set -l word (commandline -ct)
  set -l mark (string match -r '^[^@]*@' -- $word)
  and __fish_complete_path (string replace -- $mark '' $word) | string replace -r '^' -- $mark
end
complete -c httplib -f
complete -c httplib -n __fish_is_first_token -a '${METHODS.join(' ')} ${COMMANDS}'
complete -c httplib -n '__fish_seen_subcommand_from completion' -a '${SHELLS}'
${lines.join('\n')}
`
}

function fishValue(row: OptionRow): string {
  if (row.value === '') return ''
  if (Object.hasOwn(VALUES, row.long)) return ` -x -a '${VALUES[row.long]!.join(' ')}'`
  if (row.kind === 'data' || row.kind === 'form') return " -x -a '(__httplib_at)'"
  return isOfFile(row) ? ' -r -F' : ' -x'
}

/** Completions of options for shells, made from the table: `httplib completion bash`, `zsh` or `fish`. */

import type { OptionRow } from '../words/option-row.ts'
import { OPTIONS } from '../words/table.ts'
import { usageFailure } from './failure.ts'

const WRITERS: Readonly<Record<string, () => string>> = { bash: writeBash, zsh: writeZsh, fish: writeFish }

/** Values that are names of files. */
const isOfFile = ({ value, kind }: OptionRow): boolean =>
  /file|dir|path/.test(value) || kind === 'form' || value === 'hashes'

/**
 * The script.
 * @throws CommandFailure of `usage` for another shell
 */
export function writeCompletion(shell: string): string {
  if (!Object.hasOwn(WRITERS, shell))
    throw usageFailure(
      `there is no completion for ${shell === '' ? 'no shell' : shell}`,
      `httplib completion ${Object.keys(WRITERS).join(', ')}`,
    )
  return WRITERS[shell]!()
}

function longOf(row: OptionRow): string {
  return `--${row.isOnByDefault ? 'no-' : ''}${row.long}`
}

function writeBash(): string {
  const words = OPTIONS.map(longOf).join(' ')
  const files = OPTIONS.filter(isOfFile)
    .flatMap((row) => [longOf(row), ...(row.letter === '' ? [] : [`-${row.letter}`])])
    .join('|')
  return `# httplib completion bash > ~/.local/share/bash-completion/completions/httplib
_httplib() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]}
  case $before in
    ${files}) COMPREPLY=($(compgen -f -- "$word")); return ;;
  esac
  case $word in
    -*) COMPREPLY=($(compgen -W "${words}" -- "$word")) ;;
    @*) COMPREPLY=($(compgen -P @ -f -- "\${word#@}")) ;;
    *) COMPREPLY=($(compgen -W "GET HEAD POST PUT PATCH DELETE OPTIONS demo completion" -- "$word")) ;;
  esac
}
complete -o bashdefault -F _httplib httplib
`
}

function writeZsh(): string {
  const lines = OPTIONS.map((row) => {
    const names = row.letter === '' ? longOf(row) : `{-${row.letter},${longOf(row)}}`
    const repeats = row.kind === 'flag' || row.kind === 'text' ? '' : "'*'"
    const value =
      row.value === '' ? '' : `:${row.value.replace(/[:[\]]/g, ' ')}:${isOfFile(row) ? '_files' : ''}`
    return `  ${repeats}${names}'[${zshText(row.meaning)}]${value}'`
  })
  return `#compdef httplib
# httplib completion zsh > "\${fpath[1]}/_httplib"
_arguments -s \\
${lines.join(' \\\n')} \\
  '*:URL:_urls'
`
}

function zshText(text: string): string {
  return text.replaceAll("'", "'\\''").replace(/[[\]:]/g, '\\$&')
}

function writeFish(): string {
  const lines = OPTIONS.map((row) => {
    const letter = row.letter === '' ? '' : ` -s '${row.letter}'`
    const value = row.value === '' ? '' : isOfFile(row) ? ' -r -F' : ' -x'
    return `complete -c httplib${letter} -l ${longOf(row).slice(2)}${value} -d '${row.meaning.replace(/[\\']/g, '\\$&')}'`
  })
  return `# httplib completion fish > ~/.config/fish/completions/httplib.fish
complete -c httplib -f
${lines.join('\n')}
`
}

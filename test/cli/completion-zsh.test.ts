// The completions of zsh, as they are at work: keys are typed at a zsh on a terminal of its own, and what is there afterwards is read.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, describe, it } from 'node:test'
import { runCommand } from '../support/command.ts'
import { need } from '../support/need.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

const folder = mkdtempSync(path.join(os.tmpdir(), 'httplib-zsh-'))
after(() => rmSync(folder, { recursive: true }))

/** Types each line with a tab after it, and waits until what it should become is seen. */
const TYPING = `
zmodload zsh/zpty
zpty z 'TERM=dumb zsh -f -i'
zpty -w z "PS1='> '; fpath=($1 \\$fpath); autoload -Uz compinit; compinit -u -D; print READ''Y"
zpty -r -m z seen '*READY*'
shift
while (( $# )); do
  zpty -w -n z $1$'\\t'
  zpty -r -m z seen "*$2*"
  print -r -- $2
  zpty -w -n z $'\\C-u'
  shift 2
done
zpty -d z
`

/** What is typed, and how it goes on. */
const TYPED: readonly (readonly [line: string, becomes: string])[] = [
  ['httplib --max-r', 'httplib --max-redirs '],
  ['httplib --no-prog', 'httplib --no-progress-meter '],
  ['httplib --cacert package.j', 'httplib --cacert package.json '],
  ['httplib -d @package.j', 'httplib -d @package.json '],
  ['httplib -F a=@package.j', 'httplib -F a=@package.json '],
  ['httplib DEL', 'httplib DELETE '],
  ['httplib de', 'httplib demo '],
  ['httplib -X PU', 'httplib -X PUT '],
  ['httplib --to u', 'httplib --to undici '],
  ['httplib completion z', 'httplib completion zsh '],
]

describe('completions of zsh', { skip: need('zsh') }, () => {
  it('complete options, files after options that take them, methods and words', async () => {
    const { stdout } = await runCommand(['completion', 'zsh'])
    writeFileSync(path.join(folder, '_httplib'), stdout)
    const { stdout: seen } = spawnSync('zsh', ['-f', '-c', TYPING, 'zsh', folder, ...TYPED.flat()], {
      timeout: 30_000,
    })
    assert.deepEqual(
      seen.toString().split('\n').slice(0, -1),
      TYPED.map(([, becomes]) => becomes),
    )
  })
})

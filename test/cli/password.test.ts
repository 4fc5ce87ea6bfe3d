// Passwords that -u and -U leave out: asked for on a terminal, as curl does, and never shown.

import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { describe, it } from 'node:test'
import { withPasswords } from '../../src/cli/request/password.ts'
import { Interrupted } from '../../src/cli/tell/failure.ts'
import { readWords } from '../../src/cli/words/parse.ts'
import { runCommand } from '../support/command.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

/** A terminal at which these keys are typed, and what is seen of it. */
function terminal(keys: string) {
  const shown: string[] = []
  const stdin = Object.assign(new PassThrough(), {
    isTTY: true,
    setRawMode: (isRaw: boolean) => shown.push(isRaw ? '<' : '>'),
  })
  stdin.write(keys)
  return { shown, stdin, write: (text: string) => shown.push(text) }
}

const ask = (words: readonly string[], keys: string) => {
  const asking = terminal(keys)
  const asked = withPasswords(readWords(words).operations, () => asking)
  return { asking, asked }
}

describe('a password that is left out', () => {
  it('is asked for on a terminal, and not shown', async () => {
    const { asking, asked } = ask(['-u', 'me', 'http://h/'], 'sec\u007fcret\r')
    const [operation] = await asked
    assert.equal(operation?.options.user, 'me:secret')
    assert.equal(asking.shown.join(''), "Enter host password for user 'me': <>\n")
  })

  it('is asked for of the proxy, too, and for each operation', async () => {
    const words = ['-u', 'a', '-U', 'b', 'http://h/', '--next', '-u', 'c', 'http://h/']
    const { asking, asked } = ask(words, '1\r2\n3\u0004body')
    const [first, second] = await asked
    assert.deepEqual(
      [first?.options.user, first?.options.proxyUser, second?.options.user],
      ['a:1', 'b:2', 'c:3'],
    )
    // What was typed after it is the body of -d @-.
    assert.equal(String(asking.stdin.read()), 'body')
  })

  it('is not asked for where there is one, or a token', async () => {
    for (const words of [['-u', 'a:'], ['-u', ':b'], ['-u', 'a', '--oauth2-bearer', 't'], []]) {
      const { asking, asked } = ask([...words, 'http://h/'], '')
      await asked
      assert.deepEqual(asking.shown, [])
    }
  })

  it('may be refused with Ctrl-C', async () => {
    const { asking, asked } = ask(['-u', 'me', 'http://h/'], 'ab\u0003')
    await assert.rejects(asked, Interrupted)
    assert.equal(asking.shown.at(-2), '>')
  })

  it('is what was typed where the terminal ends', async () => {
    const { asking, asked } = ask(['-u', 'me', 'http://h/'], 'ab')
    asking.stdin.end()
    assert.equal((await asked)[0]?.options.user, 'me:ab')
  })

  it('is an error where there is no terminal', async () => {
    for (const option of ['-u', '-U']) {
      const { code, stderr } = await runCommand([option, 'me', '-x', 'http://127.0.0.1:1', 'http://h/'])
      assert.equal(code, 2)
      assert.match(stderr, new RegExp(`^httplib: ${option} has no password\n`))
    }
  })
})

// Which netrc file is read, when, and what is said of one that others may read.

import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readlinkSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, describe, it } from 'node:test'
import { AuthError } from '../../../src/errors/index.ts'
import { NetrcFiles } from '../../../src/layers/auth/netrc-files.ts'
import { unless } from '../../support/need.ts'
import { checkOpenHandles } from '../../support/open-handles.ts'
import { rejectionAs } from '../../support/rejection.ts'

checkOpenHandles()

const made: string[] = []
after(() => {
  for (const folder of made) rmSync(folder, { recursive: true })
})

/** Files in a folder of its own, which is the user's home. */
function place(
  files: Record<string, string>,
  { variable, mode = 0o600 }: { variable?: string | undefined; mode?: number } = {},
): { home: string; warnings: string[]; netrc: NetrcFiles } {
  const home = mkdtempSync(path.join(tmpdir(), 'httplib-home-'))
  made.push(home)
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(home, name), text, { mode })
  const warnings: string[] = []
  const netrc = new NetrcFiles({
    home: () => home,
    variable: () => (variable === undefined ? undefined : path.join(home, variable)),
    warn: (message) => warnings.push(message),
  })
  return { home, warnings, netrc }
}

function ofUser(user: string): string {
  return `machine a.test login ${user} password pw\n`
}

async function userIn(files: Record<string, string>, variable?: string): Promise<string | undefined> {
  return (await place(files, { variable }).netrc.find(undefined, 'a.test'))?.user
}

describe('netrc files', () => {
  it('are ~/.netrc, ~/_netrc where that is not there, or the one that NETRC names', async () => {
    const both = { '.netrc': ofUser('dot'), _netrc: ofUser('underscore'), named: ofUser('named') }
    const { _netrc, named } = both
    assert.equal(await userIn(both), 'dot')
    assert.equal(await userIn({ _netrc, named }), 'underscore')
    assert.equal(await userIn(both, 'named'), 'named')
    // Named and not there: the others are not looked at.
    assert.equal(await userIn(both, 'nowhere'), undefined)
    assert.equal(await userIn({}), undefined)
  })

  it('that are named by the option have to be there', async () => {
    const { home, netrc } = place({ mine: ofUser('me') })
    assert.deepEqual(await netrc.find(path.join(home, 'mine'), 'a.test'), { user: 'me', password: 'pw' })
    assert.equal(await netrc.find(path.join(home, 'mine'), 'b.test'), undefined)
    const error = await rejectionAs(netrc.find(path.join(home, 'gone'), 'a.test'), AuthError)
    assert.equal(error.code, 'AUTH_NETRC')
    assert.match(error.message, /gone is not there/)
  })

  it('that are malformed, a folder, or too large are an error that names the line and no value', async () => {
    const { home, netrc } = place({
      '.netrc': 'machine a.test\nlogin me\npasword secret\n',
      large: ' '.repeat(1_048_577),
    })
    const error = await rejectionAs(netrc.find(undefined, 'a.test'), AuthError)
    assert.match(error.message, /\.netrc, line 3: there is a word that is no keyword/)
    assert.doesNotMatch(error.message, /secret/)
    assert.match(
      (await rejectionAs(netrc.find(path.join(home, 'large'), 'a.test'), AuthError)).message,
      /larger than/,
    )
    const whole = ' '.repeat(1_048_576 - ofUser('me').length)
    writeFileSync(path.join(home, 'whole'), `${whole}${ofUser('me')}`)
    assert.equal((await netrc.find(path.join(home, 'whole'), 'a.test'))?.user, 'me')
    const folder = await rejectionAs(netrc.find(home, 'a.test'), AuthError)
    assert.equal((folder.cause as NodeJS.ErrnoException).code, 'EISDIR')
  })

  it('that never end, whose size says nothing, are too large', {
    skip: unless(path.sep === '/', 'there is no such device'),
  }, async () => {
    const { netrc } = place({})
    const error = await rejectionAs(netrc.find('/dev/zero', 'a.test'), AuthError)
    assert.match(error.message, /\/dev\/zero is larger than 1048576 bytes/)
  })

  it('are closed once they are read', {
    skip: unless(process.platform === 'linux', 'what is open is told by Linux alone'),
  }, async () => {
    const { home, netrc } = place({ '.netrc': ofUser('me'), bad: 'secret', large: ' '.repeat(1_048_577) })
    await netrc.find(undefined, 'a.test')
    for (const name of ['bad', 'large'])
      await netrc.find(path.join(home, name), 'a.test').catch(() => undefined)
    const open = readdirSync('/proc/self/fd').map((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`)
      } catch {
        return ''
      }
    })
    assert.deepEqual(
      open.filter((name) => name.startsWith(home)),
      [],
    )
  })

  it('give the password of a login that is asked for, and no other', async () => {
    const { netrc } = place({
      '.netrc':
        'machine a.test login one password 1\nmachine a.test login two password 2\nmachine b.test password 3\n',
    })
    assert.deepEqual(await netrc.find(undefined, 'a.test', 'two'), { user: 'two', password: '2' })
    assert.equal(await netrc.find(undefined, 'a.test', 'three'), undefined)
    assert.deepEqual(await netrc.find(undefined, 'b.test', 'three'), { user: 'three', password: '3' })
  })

  it('are read again once they have changed, and not before', async () => {
    const { home, netrc } = place({ '.netrc': ofUser('one') })
    const file = path.join(home, '.netrc')
    const time = new Date(1_700_000_000_000)
    utimesSync(file, time, time)
    assert.equal((await netrc.find(undefined, 'a.test'))?.user, 'one')
    // The same size and time: nothing says that it is another one.
    writeFileSync(file, ofUser('two'))
    utimesSync(file, time, time)
    assert.equal((await netrc.find(undefined, 'a.test'))?.user, 'one')
    writeFileSync(file, ofUser('three'))
    assert.equal((await netrc.find(undefined, 'a.test'))?.user, 'three')
  })

  it('that others may read are used, with one warning for each', {
    skip: unless(path.sep === '/', 'files here have no modes'),
  }, async () => {
    const { home, warnings, netrc } = place({ '.netrc': ofUser('me') }, { mode: 0o644 })
    const file = path.join(home, '.netrc')
    assert.equal((await netrc.find(undefined, 'a.test'))?.user, 'me')
    writeFileSync(file, ofUser('again'))
    assert.equal((await netrc.find(undefined, 'a.test'))?.user, 'again')
    assert.deepEqual(warnings, [`others may read the passwords in ${file}: chmod 600 ${file}`])
    const without = place({ '.netrc': 'machine a.test login me\n' }, { mode: 0o644 })
    await without.netrc.find(undefined, 'a.test')
    assert.deepEqual(without.warnings, [])
  })
})

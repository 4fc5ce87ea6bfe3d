// The grammar of netrc files, against curl and Python's netrc.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { findInNetrc, NetrcFault, parseNetrc } from '../../../src/layers/auth/netrc.ts'
import { need } from '../../support/need.ts'
import { checkOpenHandles } from '../../support/open-handles.ts'

checkOpenHandles()

const run = promisify(execFile)

/** What a file says of 127.0.0.1, as `login:password`; undefined for nothing. */
function find(text: string, host = '127.0.0.1'): string | undefined {
  const entry = findInNetrc(parseNetrc(text), host)
  return entry === undefined ? undefined : `${entry.login}:${entry.password}`
}

interface Case {
  readonly title: string
  readonly text: string
  readonly expected: string | undefined
  /** Whom we differ from, and why. */
  readonly notCurl?: string
  readonly notPython?: string
}

const CASES: readonly Case[] = [
  { title: 'on one line', text: 'machine 127.0.0.1 login me password pw', expected: 'me:pw' },
  {
    title: 'on lines of their own',
    text: 'machine 127.0.0.1\n  login me\n\tpassword pw\n',
    expected: 'me:pw',
  },
  { title: 'with CR LF', text: 'machine 127.0.0.1\r\nlogin me\r\npassword pw\r\n', expected: 'me:pw' },
  { title: 'in any order', text: 'machine 127.0.0.1 password pw login me\n', expected: 'me:pw' },
  {
    title: 'of the machine that is asked for',
    text: 'machine other login a password b\nmachine 127.0.0.1 login me password pw\n',
    expected: 'me:pw',
  },
  { title: 'of no machine', text: 'machine other login a password b\n', expected: undefined },
  {
    title: 'of default',
    text: 'machine other login a password b\ndefault login d password e\n',
    expected: 'd:e',
  },
  {
    title: 'of the machine before default',
    text: 'machine 127.0.0.1 login me password pw\ndefault login d password e\n',
    expected: 'me:pw',
  },
  {
    title: 'with an account',
    text: 'machine 127.0.0.1 login me account acc password pw\n',
    expected: 'me:pw',
  },
  {
    title: 'with comments',
    text: '# machine 127.0.0.1 login x password y\nmachine 127.0.0.1 # here\nlogin me password pw # and here\n',
    expected: 'me:pw',
  },
  {
    title: 'with a password that begins with a hash',
    text: 'machine 127.0.0.1 login me password #pw\n',
    expected: 'me:#pw',
    notCurl: 'it takes the rest of the line for a comment',
  },
  {
    title: 'with a password that is a keyword',
    text: 'machine 127.0.0.1 login login password machine\n',
    expected: 'login:machine',
  },
  {
    title: 'in quotation marks',
    text: 'machine 127.0.0.1 login "my name" password "a b"\n',
    expected: 'my name:a b',
  },
  {
    title: 'with an escaped quotation mark',
    text: 'machine 127.0.0.1 login me password "a\\"b\\\\c"\n',
    expected: 'me:a"b\\c',
  },
  {
    title: 'in UTF-8',
    text: 'machine 127.0.0.1 login m\u00e9 password p\u00e4ss\n',
    expected: 'm\u00e9:p\u00e4ss',
  },
  {
    title: 'after a macro',
    text: 'macdef init\ncd /pub\nmachine 127.0.0.1 login x password y\n\nmachine 127.0.0.1 login me password pw\n',
    expected: 'me:pw',
  },
  {
    title: 'of two entries, the first',
    text: 'machine 127.0.0.1 login first password a\nmachine 127.0.0.1 login second password b\n',
    expected: 'first:a',
    notPython: 'it takes the last',
  },
  { title: 'without a password', text: 'machine 127.0.0.1 login me\n', expected: 'me:' },
  { title: 'in an empty file', text: '', expected: undefined },
]

/** The password of the login `u`; undefined for nothing. */
const OF_LOGIN: readonly (readonly [title: string, text: string, expected: string | undefined])[] = [
  [
    'of the entry that has it',
    'machine 127.0.0.1 login a password 1\nmachine 127.0.0.1 login u password 2\n',
    '2',
  ],
  ['of default', 'default login u password 3\n', '3'],
  ['of an entry that says no login', 'machine 127.0.0.1 password 9\n', '9'],
  ['of none', 'machine other.test login u password 2\n', undefined],
]

describe('a netrc file', () => {
  for (const { title, text, expected } of CASES)
    it(`is read: ${title}`, () => assert.equal(find(text), expected))

  it('is read with keywords in any case, a byte order mark, and a name of the host in any case', () => {
    assert.equal(find('\uFEFFMACHINE Example.COM Login me Password pw', 'example.com'), 'me:pw')
    assert.equal(find('machine a user me password pw', 'A'), 'me:pw')
  })

  it('gives no entry that has no login', () => {
    assert.equal(find('machine 127.0.0.1 password pw\ndefault login d password e'), 'd:e')
    assert.equal(find('machine 127.0.0.1 password pw'), undefined)
  })

  for (const [title, text, expected] of OF_LOGIN)
    it(`is asked for the password of a login: ${title}`, () => {
      assert.equal(findInNetrc(parseNetrc(text), '127.0.0.1', 'u')?.password, expected)
    })

  it('gives no password of another login', () => {
    // curl 7.88 sends that of `a` for the first (CVE-2024-11053 is of this kind), and does not look at default for the second.
    const entry = 'machine 127.0.0.1 login a password 1\n'
    assert.equal(findInNetrc(parseNetrc(entry), '127.0.0.1', 'u'), undefined)
    const both = parseNetrc(`${entry}default login u password 3\n`)
    assert.equal(findInNetrc(both, '127.0.0.1', 'u')?.password, '3')
  })

  it('ends a macro at a blank line, or at its own end', () => {
    assert.equal(find('macdef x\na\n \t\r\nmachine 127.0.0.1 login me password pw'), 'me:pw')
    assert.equal(find('macdef x\nmachine 127.0.0.1 login me password pw'), undefined)
    assert.equal(find('macdef x'), undefined)
  })

  it('knows \\n, \\r and \\t in quotation marks', () => {
    assert.equal(find('machine 127.0.0.1 login a password "x\\n\\r\\ty"'), 'a:x\n\r\ty')
  })

  const faults: readonly (readonly [string, string, number])[] = [
    ['a word that is no keyword', 'machine 127.0.0.1 login me\n\nsecret', 3],
    ['a quoted keyword', '"machine" 127.0.0.1', 1],
    ['a quotation mark without an end', 'machine 127.0.0.1 login me\npassword "secret\nx"', 2],
    ['a backslash at the end', 'machine 127.0.0.1\nlogin "secret\\', 2],
    ['a keyword without a value', 'machine 127.0.0.1 login', 1],
    ['a machine without a name', '# x\nmachine', 2],
    ['a login before any machine', 'login secret', 1],
  ]
  for (const [title, text, line] of faults)
    it(`is refused for ${title}, by its line and without a value`, () => {
      assert.throws(
        () => parseNetrc(text),
        (error) => error instanceof NetrcFault && error.line === line && !error.message.includes('secret'),
      )
    })
})

describe('curl and Python', () => {
  let folder = ''
  let port = 0
  const server = createServer((request, response) => {
    response.end(request.headers.authorization ?? 'none')
  })
  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'httplib-netrc-'))
    for (const [index, { text }] of CASES.entries())
      writeFileSync(path.join(folder, String(index)), text, { mode: 0o600 })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    port = (server.address() as AddressInfo).port
  })
  after(async () => {
    rmSync(folder, { recursive: true })
    server.close()
    await once(server, 'close')
  })

  it('read the same of each file: curl', { skip: need('curl') }, async () => {
    for (const [index, { title, expected, notCurl }] of CASES.entries()) {
      if (notCurl !== undefined) continue
      const file = path.join(folder, String(index))
      const { stdout } = await run('curl', ['-sq', '--netrc-file', file, `http://127.0.0.1:${port}/`])
      const said =
        stdout === 'none' ? undefined : Buffer.from(stdout.replace('Basic ', ''), 'base64').toString()
      assert.equal(said, expected, title)
    }
  })

  it('give the same password of a login: curl', { skip: need('curl') }, async () => {
    for (const [title, text, expected = ''] of OF_LOGIN) {
      const file = path.join(folder, 'login')
      writeFileSync(file, text, { mode: 0o600 })
      const { stdout } = await run('curl', ['-sq', '--netrc-file', file, `http://u@127.0.0.1:${port}/`])
      assert.equal(Buffer.from(stdout.replace('Basic ', ''), 'base64').toString(), `u:${expected}`, title)
    }
  })

  it('read the same of each file: Python', { skip: need('python3') }, async () => {
    const script =
      'import netrc, json, sys\nout = []\nfor f in sys.argv[1:]:\n' +
      '  a = netrc.netrc(f).authenticators("127.0.0.1")\n  out.append(None if a is None else a[0] + ":" + (a[2] or ""))\nprint(json.dumps(out))'
    const files = CASES.map((_, index) => path.join(folder, String(index)))
    const { stdout } = await run('python3', ['-c', script, ...files])
    const said = JSON.parse(stdout) as (string | null)[]
    for (const [index, { title, expected, notPython }] of CASES.entries())
      if (notPython === undefined) assert.equal(said[index] ?? undefined, expected, title)
  })
})

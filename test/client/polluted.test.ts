// What another package has written onto `Object.prototype` changes nothing (pain 39): each name that our code looks for in an object is
// written there, one at a time, and the same requests are made, by a client and by hand, over real sockets.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { env } from 'node:process'
import { describe, it } from 'node:test'
import { promisify } from 'node:util'
import { needBuild } from '../support/need.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

const ROOMS = [
  'client',
  'layers',
  'pool',
  'proxy',
  'auth',
  'transport',
  'io',
  'connection',
  'core',
  'h1',
  'errors',
  'time',
]
/** What the language asks of every object, and what Node's own sockets and streams look for in options: nobody gets far with those. */
const NOT_OURS: ReadonlySet<string> = new Set([
  ...'then constructor toString valueOf hasOwnProperty prototype toJSON length call apply bind'.split(' '),
  ...'get set value writable enumerable configurable done next return throw'.split(' '),
  ...'connect objectMode ready encoding highWaterMark keepAliveInitialDelay resume signal'.split(' '),
  ...'read write destroy'.split(' '),
])
/** Those that changed something once: where a socket was connected to, whom the guard let through, what was thrown. */
const FOUND = [
  'place',
  'role',
  'proxies',
  'error',
  'response',
  'is',
  'attempts',
  'checkRedirect',
  'wallClock',
  'maxEntries',
  'scheme',
]
/** Everything, with three values: half a minute. */
const ALL = env['POLLUTED_NAMES'] === 'all'

/** What is looked for in objects, in the compiled code: after a dot, in patterns, before `in`. */
function namesIn(text: string): string[] {
  const found = [
    ...text.matchAll(/\.([a-zA-Z_$][\w$]*)/g),
    ...text.matchAll(/[{,]\s*([a-zA-Z_$][\w$]*)\s*(?=[,}=:])/g),
    ...text.matchAll(/'(\w+)' in /g),
  ]
  return found.map(([, name]) => name!)
}

/** What may be missing from an object, in the sources. */
function optionalIn(text: string): string[] {
  return [...text.matchAll(/([a-zA-Z]\w*)\?:/g)].map(([, name]) => name!)
}

function namesOfCode(): string[] {
  const [root, ending, find] = ALL
    ? (['../../src', '.js', namesIn] as const)
    : (['../../../src', '.ts', optionalIn] as const)
  const files = ROOMS.flatMap((room) => {
    const folder = path.resolve(import.meta.dirname, root, room)
    const all = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    return all.filter((file) => file.endsWith(ending)).map((file) => path.join(folder, file))
  })
  const names = new Set([...FOUND, ...files.flatMap((file) => find(readFileSync(file, 'utf8')))])
  return [...names].filter((name) => !NOT_OURS.has(name)).sort()
}

/** What a descriptor, a promise and an iterator are asked for by the language itself. */
const OF_DESCRIPTORS: ReadonlySet<string> = new Set(
  'get set value writable enumerable configurable then toJSON return length'.split(' '),
)

/** Every word of the compiled code, and what an empty list has none of. */
function everyWord(): string[] {
  const words = new Set(['0', '1', '2', '3', '-1', 'authorization', 'cookie', 'host', 'location'])
  for (const room of ROOMS.concat('fetch', 'python', 'cookies')) {
    const folder = path.resolve(import.meta.dirname, '../../src', room)
    for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      if (!file.endsWith('.js')) continue
      const text = readFileSync(path.join(folder, file), 'utf8').replaceAll(/\/\*[^]*?\*\/|\/\/.*/g, '')
      for (const [word] of text.matchAll(/[A-Za-z_$][\w$]*/g)) words.add(word)
    }
  }
  return [...words]
}

describe('a name on Object.prototype', () => {
  it('changes no request, whichever it is', { skip: needBuild(import.meta) }, async (test) => {
    const names = namesOfCode()
    assert.ok(names.length > 150)
    const program = path.resolve(import.meta.dirname, '../support/polluted-requests.js')
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [program, JSON.stringify([names, ALL ? 3 : 1])],
      {
        maxBuffer: 2 ** 26,
        timeout: 120_000,
      },
    )
    test.diagnostic(`${names.length} names`)
    assert.deepEqual(JSON.parse(stdout), [])
  })

  it('is looked for by none of our code, nor by Node where it would be obeyed', {
    skip: needBuild(import.meta),
  }, async () => {
    const names = everyWord().filter((name) => !OF_DESCRIPTORS.has(name) && !(name in Object.prototype))
    assert.ok(names.length > 3_000)
    const program = path.resolve(import.meta.dirname, '../support/inherited-reads.js')
    const { stdout } = await promisify(execFile)(process.execPath, [program, JSON.stringify(names)], {
      maxBuffer: 2 ** 26,
      timeout: 120_000,
    })
    assert.deepEqual(JSON.parse(stdout), [])
  })
})

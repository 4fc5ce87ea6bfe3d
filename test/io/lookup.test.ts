// What becomes of every answer that a lookup of the caller's may give: taken as it was said, or refused in words that name the
// option. The rule is Node's documentation of `dns.lookup`, with and without `all`; nothing is dialled that was not said.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ConnectError } from '../../src/errors/index.ts'
import { dial } from '../../src/io/dial.ts'
import { type Address, findAddresses, type Lookup, readAnswer } from '../../src/io/lookup.ts'
import { rejectionOf } from '../support/memory-connection.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { startRawServer } from '../support/raw-server.ts'
import { makeWaiting } from '../support/wait.ts'

checkOpenHandles()

const V4 = { address: '127.0.0.1', family: 4 }
const V6 = { address: '::1', family: 6 }

const never: Lookup = () => assert.fail('looked up')

/** A lookup that calls back with these arguments. */
function calling(...args: readonly unknown[]): Lookup {
  return (_host, _options, done) => (done as (...args: readonly unknown[]) => void)(...args)
}

function find(lookup: Lookup, family: 0 | 4 | 6 = 0, host = 'name.test'): Promise<Address[]> {
  return Promise.resolve(findAddresses({ host, family, lookup }, makeWaiting()))
}

describe('an answer of a lookup is taken', () => {
  const taken: [what: string, args: readonly unknown[], addresses: readonly Address[]][] = [
    ['as a list', [null, [V4, V6]], [V4, V6]],
    ['with undefined for no error', [undefined, [V4]], [V4]],
    [
      'with the family as text',
      [
        null,
        [
          { address: '127.0.0.1', family: 'IPv4' },
          { ...V6, family: 'IPv6' },
        ],
      ],
      [V4, V6],
    ],
    ['without a family, or 0', [null, [{ address: '127.0.0.1' }, { ...V6, family: 0 }]], [V4, V6]],
    ['as one address and its family', [null, '127.0.0.1', 4], [V4]],
    ['as one address', [null, '::1'], [V6]],
    ['with a zone', [null, [{ address: 'fe80::1%lo', family: 6 }]], [{ address: 'fe80::1%lo', family: 6 }]],
    ['without more than address and family', [null, [{ ...V4, ttl: 5 }]], [V4]],
  ]
  for (const [what, args, addresses] of taken)
    it(what, async () => assert.deepEqual(await find(calling(...args)), addresses))

  it('the first time it comes', async () => {
    const lookup: Lookup = (_host, _options, done) => {
      done(null, [V4])
      done(null, [V6])
      done(new Error('late'), [])
    }
    assert.deepEqual(await find(lookup), [V4])
  })

  it('also where the lookup throws behind it', async () => {
    const lookup: Lookup = (_host, _options, done) => {
      done(null, [V4])
      throw new Error('late')
    }
    assert.deepEqual(await find(lookup), [V4])
  })

  it('by an async function that calls back', async () => {
    const lookup = async (...[, , done]: Parameters<Lookup>): Promise<void> => {
      await Promise.resolve()
      done(null, [V4])
    }
    assert.deepEqual(await find(lookup as Lookup), [V4])
  })

  it('once: an address that is another one at the next look is not dialled', async () => {
    let looks = 0
    const sly = {
      get address() {
        return looks++ === 0 ? '127.0.0.1' : '127.0.0.77'
      },
      family: 4,
    }
    assert.deepEqual(await find(calling(null, [sly])), [V4])
  })

  it('as far as it is of the family that was asked for', async () => {
    assert.deepEqual(await find(calling(null, [V6, V4]), 4), [V4])
    assert.deepEqual(await find(calling(null, [V6, V4]), 6), [V6])
    const error = await rejectionOf(find(calling(null, [V4]), 6))
    assert.match(error.message, /name\.test \(it has no IPv6 address\)/)
  })
})

describe('an answer of a lookup is refused, in words that name the option,', () => {
  const refused: [what: string, args: readonly unknown[]][] = [
    ['where there is none', [null]],
    ['where it is null', [null, null]],
    ['where it is a number', [null, 5]],
    ['where it is one entry and no list', [null, V4]],
    ['where it is a list of texts, as of dns.resolve4', [null, ['127.0.0.77']]],
    ['where an entry has no address', [null, [{ family: 4 }]]],
    ['where an entry is null', [null, [V4, null]]],
    ['where an entry was left out', [null, [, V4]]], // oxlint-disable-line no-sparse-arrays
    ['where an address is a name', [null, [{ address: 'localhost', family: 4 }]]],
    ['where an address is a name, of no family', [null, [{ address: 'localhost' }]]],
    ['where one address is a name, of no family', [null, 'localhost']],
    ['where an address is empty', [null, [{ address: '', family: 4 }]]],
    ['where an address is no text', [null, [{ address: ['127.0.0.1'], family: 4 }]]],
    ['where an address is in brackets', [null, [{ address: '[::1]', family: 6 }]]],
    ['where an address is spelled as no system writes it', [null, [{ address: '127.1', family: 4 }]]],
    ['where an address has a port', [null, [{ address: '127.0.0.1:80', family: 4 }]]],
    ['where an address is of another family than it says', [null, [{ ...V4, family: 6 }]]],
    ['where the family is none', [null, [{ ...V4, family: 'v4' }]]],
    ['where one address is of another family', [null, '127.0.0.1', 6]],
    ['where one address is none', [null, 'localhost', 4]],
  ]
  for (const [what, args] of refused) {
    it(what, async () => {
      const error = await rejectionOf(find(calling(...args)))
      assert.ok(error instanceof ConnectError)
      assert.deepEqual([error.code, error.phase, error.address], ['DNS_FAILED', 'dns', 'name.test'])
      assert.match(
        error.message,
        /the option lookup answered with .*; it calls back with a list of \{ address, family \}/,
      )
    })
  }

  it('where it is the value of a promise', async () => {
    const lookup = (() => Promise.resolve([V4])) as Lookup
    assert.match((await rejectionOf(find(lookup))).message, /the option lookup answered with a promise/)
    // A promise of another library's.
    // oxlint-disable-next-line unicorn/no-thenable -- what a caller may have in the place of a promise
    const thenable = Object.fromEntries([['then', (take: (found: unknown) => void) => take([])]])
    const foreign = (() => thenable) as unknown as Lookup
    assert.match((await rejectionOf(find(foreign))).message, /the option lookup answered with a promise/)
  })

  it('and nothing is dialled', async () => {
    await using server = await startRawServer(() => {})
    for (const answer of [[{ family: 4 }], ['127.0.0.1'], [{ address: 'localhost', family: 4 }], [V4, {}]]) {
      const target = { host: 'name.test', port: server.port, lookup: calling(null, answer) }
      assert.ok((await rejectionOf(dial(target, makeWaiting()))) instanceof ConnectError)
    }
    assert.equal(server.accepted, 0)
  })
})

describe('a lookup that fails', () => {
  const cause = new Error('the cache is closed')
  const failing: [string, Lookup][] = [
    ['calls back with an error', calling(cause)],
    [
      'throws',
      () => {
        throw cause
      },
    ],
    ['is an async function that throws', () => Promise.reject(cause)],
  ]
  for (const [what, lookup] of failing) {
    it(`is told with its error for a cause, where it ${what}`, async () => {
      const error = await rejectionOf(find(lookup))
      assert.ok(error instanceof ConnectError)
      assert.deepEqual([error.code, error.cause], ['DNS_FAILED', cause])
      assert.match(error.message, /the cache is closed/)
    })
  }

  it('is told as the lookup of the proxy, where it is one', async () => {
    const question = { host: 'proxy.test', lookup: calling(cause), role: 'the proxy' }
    assert.match(
      (await rejectionOf(Promise.resolve(findAddresses(question, makeWaiting())))).message,
      /: the proxy proxy\.test \(/,
    )
  })
})

describe('an address for a host', () => {
  it('is not looked up, and dialled as a system writes it', async () => {
    for (const [host, address] of [
      ['127.0.0.1', '127.0.0.1'],
      ['127.1', '127.0.0.1'],
      ['0x7f000001', '127.0.0.1'],
      ['127.0.0.1.', '127.0.0.1'],
    ] as const)
      assert.deepEqual(await find(never, 0, host), [{ address, family: 4 }])
    assert.deepEqual(await find(never, 0, 'fe80::1%lo'), [{ address: 'fe80::1%lo', family: 6 }])
  })

  it('is of the family that is asked for, or refused', async () => {
    assert.deepEqual(await find(never, 6, '::1'), [V6])
    assert.match((await rejectionOf(find(never, 6, '127.0.0.1'))).message, /it has no IPv6 address/)
    assert.match((await rejectionOf(find(never, 4, '::1'))).message, /it has no IPv4 address/)
  })
})

describe('readAnswer', () => {
  it('makes new entries: what the caller changes afterwards is not dialled', () => {
    const entry = { ...V4 }
    const [read] = readAnswer([entry])
    entry.address = '127.0.0.77'
    assert.deepEqual(read, V4)
  })
})

// Each trick of the table, and what no URL can say, through the client: nothing but the public address is dialled. Once with a
// connector that writes down what it would dial, once with the real one, whose sockets are counted.

import assert from 'node:assert/strict'
import { channel } from 'node:diagnostics_channel'
import { after, before, describe, it } from 'node:test'
import { Client } from '../../../src/client/client.ts'
import { rejectionOf } from '../../support/memory-connection.ts'
import { checkOpenHandles } from '../../support/open-handles.ts'
import { FAULTS } from './faults/table.ts'
import { attempt, lookupOf, PLAYS } from './play.ts'
import { PUBLIC, TRICKS } from './tricks.ts'

checkOpenHandles()

describe('the guard dials nothing private:', () => {
  it('at least sixty tricks are tried, each once', () => {
    assert.ok(TRICKS.length >= 60)
    const ways = TRICKS.map(({ url, over = [], dns }) => [...over, url, JSON.stringify(dns)].join(' '))
    assert.equal(new Set(ways).size, TRICKS.length)
  })

  for (const [what, play] of PLAYS) it(what, async () => assert.equal(await play(), undefined))
})

describe('the same with real sockets', () => {
  let sockets = 0
  const count = (): void => void sockets++
  before(() => channel('net.client.socket').subscribe(count))
  after(() => channel('net.client.socket').unsubscribe(count))

  it('opens none', async () => {
    for (const { url, over, dns = {}, isRebinding } of TRICKS) {
      // The others begin at a public address, which is not to be dialled here.
      if (over !== undefined || isRebinding === true) continue
      await using client = new Client({ guard: 'public-only', dns: { lookup: lookupOf(dns) }, retry: 5 })
      await rejectionOf(client.get(url))
      assert.equal(sockets, 0, url)
    }
  })
})

describe('without the guard', () => {
  it('each of them would have worked: the table tries what it says', async () => {
    for (const trick of TRICKS) {
      if (trick.isNoUrl === true || trick.isRebinding === true) continue
      // A name that is not to be looked up is this machine, as the system says.
      const { dialled } = await attempt(trick, { guard: false }, '127.0.0.1')
      const isPublic = trick.dns?.['localhost'] !== undefined
      const isDialled = dialled.some((address) => address !== PUBLIC)
      assert.equal(isDialled, !isPublic, trick.trick)
    }
  })
})

describe('the deliberate faults', () => {
  it('are told apart by their names', () => {
    assert.ok(FAULTS.length >= 20)
    assert.equal(new Set(FAULTS.map(({ does }) => does)).size, FAULTS.length)
  })
})

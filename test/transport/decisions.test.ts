import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { decidePhase, decideUpload, type PhaseFacts } from '../../src/transport/decisions.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

describe('decideUpload', () => {
  it('stops for an error and for a connection that ends, and goes on otherwise [9112-9.5-3]', () => {
    const rows: [number, boolean, 'go-on' | 'stop'][] = [
      [200, true, 'go-on'],
      [204, true, 'go-on'],
      [399, true, 'go-on'],
      [200, false, 'stop'],
      [302, false, 'stop'],
      [400, true, 'stop'],
      [413, false, 'stop'],
      [599, true, 'stop'],
    ]
    for (const [status, persists, decision] of rows) {
      assert.equal(decideUpload({ status, persists }), decision, `${status} ${persists}`)
    }
  })
})

describe('decidePhase', () => {
  const facts: PhaseFacts = {
    timeouts: { send: 10, headers: 20, body: 30 },
    isSending: false,
    hasHead: false,
    isWritable: true,
    isUnread: false,
    awaitedMs: 0,
    leftMs: Infinity,
  }

  it('is send while the request is not out, and has a timeout only while the peer takes nothing', () => {
    assert.deepEqual(decidePhase({ ...facts, isSending: true, isWritable: false }), {
      name: 'send',
      timeoutMs: 10,
      dueInMs: 10,
    })
    assert.equal(decidePhase({ ...facts, isSending: true }).dueInMs, Infinity)
  })

  it('is headers until the head has come, and has its time as a whole', () => {
    assert.deepEqual(decidePhase(facts), { name: 'headers', timeoutMs: 20, dueInMs: 20 })
    assert.deepEqual(decidePhase({ ...facts, awaitedMs: 15 }), { name: 'headers', timeoutMs: 20, dueInMs: 5 })
    assert.deepEqual(decidePhase({ ...facts, awaitedMs: 25 }), { name: 'headers', timeoutMs: 20, dueInMs: 0 })
  })

  it('is body after the head, and has no timeout while the caller does not read', () => {
    assert.deepEqual(decidePhase({ ...facts, hasHead: true, awaitedMs: 12 }), {
      name: 'body',
      timeoutMs: 30,
      dueInMs: 18,
    })
    assert.equal(decidePhase({ ...facts, hasHead: true, isUnread: true }).dueInMs, Infinity)
  })

  it('is total where that ends first, whatever else is waited for', () => {
    for (const other of [{}, { isSending: true }, { hasHead: true, isUnread: true }]) {
      assert.deepEqual(decidePhase({ ...facts, ...other, leftMs: 3 }), {
        name: 'total',
        timeoutMs: 3,
        dueInMs: 3,
      })
    }
    assert.equal(decidePhase({ ...facts, leftMs: -1 }).dueInMs, 0)
    assert.equal(decidePhase({ ...facts, leftMs: 20 }).name, 'headers')
  })
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ConnectionLost, IncompleteRead, RemoteProtocolError, TimeoutError } from '../../src/errors/index.ts'
import { describeFailure, isPeersDoing } from '../../src/transport/exchange-failure.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

const FACTS = {
  reused: true,
  requestBytesWritten: 7,
  responseStarted: false,
  address: 'a:1',
  phase: 'headers',
} as const

describe('describeFailure', () => {
  it('puts the facts on the reason, and leaves those that are there', () => {
    const reason = new ConnectionLost('a:1', { phase: 'send' })
    assert.equal(describeFailure(reason, FACTS, false, undefined), reason)
    assert.deepEqual(
      [reason.reused, reason.requestBytesWritten, reason.responseStarted, reason.phase],
      [true, 7, false, 'send'],
    )
  })

  it('makes of a connection that is lost in a body a message cut short [9112-8-2]', () => {
    const reason = new ConnectionLost('a:1')
    const error = describeFailure(reason, FACTS, true, 12)
    assert.ok(error instanceof IncompleteRead)
    assert.deepEqual([error.expected, error.phase, error.cause], [12, 'body', reason])
  })

  it('leaves what this side wanted as it is: a close is no message cut short', () => {
    for (const reason of [
      new ConnectionLost('a:1', undefined, 'CONNECTION_CLOSED'),
      new TimeoutError('body', 5),
    ]) {
      assert.equal(describeFailure(reason, FACTS, true, 12), reason)
    }
  })

  it("leaves what is not this package's untouched", () => {
    for (const reason of [new Error('mine'), undefined, null, 0, 'text', Object.freeze({})]) {
      assert.equal(describeFailure(reason, FACTS, true, 1), reason)
    }
  })
})

describe('isPeersDoing', () => {
  it('is true for a lost connection and for what breaks the rules, and for nothing that was wanted here', () => {
    const rows: [unknown, boolean][] = [
      [new ConnectionLost('a:1'), true],
      [new RemoteProtocolError('BAD_FIELD_NAME'), true],
      [new IncompleteRead(Buffer.alloc(0)), true],
      [new ConnectionLost('a:1', undefined, 'CONNECTION_CLOSED'), false],
      [new TimeoutError('headers', 5), false],
      [new Error('mine'), false],
      [undefined, false],
    ]
    for (const [reason, expected] of rows) assert.equal(isPeersDoing(reason), expected, String(reason))
  })
})

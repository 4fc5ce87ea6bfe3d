import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type OutgoingBody, takeBody } from '../../src/core/outgoing-body.ts'
import { ConnectionLost, RemoteDisconnected, TimeoutError } from '../../src/errors/index.ts'
import { decideResend, isConnectionLoss, isReplayable, type ResendFacts } from '../../src/pool/resend.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

const LOST: ResendFacts = {
  method: 'GET',
  isReplayable: true,
  reused: true,
  isPeersDoing: true,
  responseStarted: false,
  requestBytesWritten: 40,
  resends: 0,
}

describe('a request whose connection died', () => {
  const rows: readonly [string, Partial<ResendFacts>, boolean][] = [
    ['is sent again with GET', {}, true],
    ...['HEAD', 'PUT', 'DELETE', 'OPTIONS', 'TRACE'].map(
      (method) =>
        [`is sent again with ${method}`, { method }, true] as [string, Partial<ResendFacts>, boolean],
    ),
    ...['POST', 'PATCH', 'CONNECT', 'get', 'QUERY'].map(
      (method) =>
        [`is not sent again with ${method}`, { method }, false] as [string, Partial<ResendFacts>, boolean],
    ),
    ['is sent again with POST if nothing was written', { method: 'POST', requestBytesWritten: 0 }, true],
    [
      'is not sent again with POST if nobody knows',
      { method: 'POST', requestBytesWritten: undefined },
      false,
    ],
    ['is not sent again on a connection that was opened for it', { reused: false }, false],
    ['is not sent again once a response has begun', { responseStarted: true }, false],
    ['is not sent again twice', { resends: 1 }, false],
    ['is not sent again if its body is gone', { isReplayable: false, requestBytesWritten: 0 }, false],
    ['is not sent again if this side ended it', { isPeersDoing: false }, false],
  ]
  for (const [title, facts, resend] of rows) {
    it(title, () => {
      const decision = decideResend({ ...LOST, ...facts })
      assert.equal(decision.resend, resend)
      assert.notEqual(decision.why, '')
    })
  }
})

const take = (body: Parameters<typeof takeBody>[0]): OutgoingBody =>
  takeBody(body, () => 'boundary') as OutgoingBody

it('takes for a loss what the peer or the network did, and nothing else', () => {
  assert.equal(isConnectionLoss(new RemoteDisconnected()), true)
  assert.equal(isConnectionLoss(new ConnectionLost('a')), true)
  assert.equal(isConnectionLoss(new ConnectionLost('a', undefined, 'CONNECTION_CLOSED')), false)
  assert.equal(isConnectionLoss(new TimeoutError('headers', 1)), false)
})

it('knows which bodies can be sent once more', () => {
  const made = take(() => new Set(['a']).values())
  const once = take(new Set(['a']).values())
  assert.deepEqual([null, 'a'].map(take).map(isReplayable), [true, true])
  assert.deepEqual([made, once].map(isReplayable), [true, false])
})

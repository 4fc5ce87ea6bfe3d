// CONNECT and Upgrade: where HTTP ends on a connection, and to whom the bytes behind it belong.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ImproperConnectionState } from '../../src/h1/index.ts'
import { latin1 } from '../support/bytes.ts'
import {
  CUTS,
  data,
  end,
  everyCut,
  type Field,
  framings,
  informational,
  kinds,
  length,
  request,
  response,
} from '../support/engine-exchange.ts'
import { EnginePair } from '../support/engine-pair.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

describe('CONNECT and Upgrade', () => {
  it(
    'a 2xx to CONNECT opens a tunnel at its head, whatever its fields say [9112-6.3-1, 9110-6-1]',
    everyCut((pair) => {
      pair.send('client', request('CONNECT'), end)
      pair.assertStates('might-switch', 'send-response')
      pair.send('server', response(200, length(7)))
      pair.assertStates('switched', 'switched')
      assert.deepEqual(framings(pair.seen.client), [{ kind: 'switch' }])
      pair.pass('client', latin1('to'))
      pair.pass('server', latin1('\x16\x03\x01'))
      assert.equal(pair.server.nextEvent().type, 'paused')
      assert.equal(pair.client.nextEvent().type, 'paused')
      assert.deepEqual(pair.server.takeTrailing(), latin1('to'))
      assert.deepEqual(pair.client.takeTrailing(), latin1('\x16\x03\x01'))
      assert.equal(pair.client.isReusable, false)
    }),
  )

  it(
    'a refused CONNECT leaves HTTP in place',
    everyCut((pair) => {
      pair.send('client', request('CONNECT'), end)
      pair.send('server', response(407, length(2)), data('no'), end)
      pair.assertStates('idle', 'idle')
      pair.send('client', request('GET'), end)
      pair.send('server', response(204), end)
      pair.assertStates('idle', 'idle')
    }),
  )

  const OFFER: readonly Field[] = [
    ['Connection', 'Upgrade'],
    ['Upgrade', 'echo/1'],
  ]

  it('a 101 to an Upgrade hands over every byte behind its head [9110-7.8-4]', () => {
    const head = 'HTTP/1.1 101 Reason\r\nUpgrade: echo/1\r\nConnection: Upgrade\r\n\r\n'
    for (const cut of CUTS) {
      const pair = new EnginePair({ cut })
      pair.send('client', request('GET', ...OFFER), end)
      pair.assertStates('might-switch', 'send-response')
      // In one piece with the head, or in several.
      pair.pass('server', latin1(`${head}HTTP/1.1 200 OK\r\n`))
      assert.deepEqual(kinds(pair.seen.client), ['response'])
      assert.deepEqual(framings(pair.seen.client), [{ kind: 'switch' }])
      assert.equal(pair.client.clientState, 'switched')
      assert.equal(pair.client.isReusable, false)
      pair.client.receive(latin1('\r\n\0'))
      assert.deepEqual(pair.client.takeTrailing(), latin1('HTTP/1.1 200 OK\r\n\r\n\0'))
      assert.deepEqual(pair.client.takeTrailing(), Buffer.alloc(0))
    }
  })

  it(
    'an upgrade is over only when the request is sent and the 101 is there [9110-7.8-2]',
    everyCut((pair) => {
      pair.send('client', request('POST', length(1), ...OFFER))
      pair.send('server', informational(100))
      pair.send('server', response(101, ['Upgrade', 'ECHO/1']))
      pair.assertStates('send-body', 'switched')
      pair.send('client', data('x'))
      pair.send('client', end)
      pair.assertStates('switched', 'switched')
      assert.throws(() => pair.client.send(request('GET')), ImproperConnectionState)
    }),
  )

  it(
    'an upgrade that is ignored goes on in HTTP',
    everyCut((pair) => {
      pair.send('client', request('GET', ...OFFER), end)
      pair.pass('client', latin1('GET /kept-back'))
      assert.equal(pair.server.nextEvent().type, 'paused')
      pair.send('server', response(200, length(0)), end)
      pair.assertStates('idle', 'idle')
    }),
  )

  it('a 101 that nobody asked for is final and ends the connection', () => {
    const pair = new EnginePair()
    pair.send('client', request('GET'), end)
    pair.pass('server', latin1('HTTP/1.1 101 \r\nUpgrade: x\r\n\r\n'))
    const [event] = pair.seen.client
    assert.deepEqual(event?.type === 'response' && [event.status, event.framing, event.defects], [
      101,
      { kind: 'none' },
      ['unsolicited-switch'],
    ])
    assert.equal(pair.client.clientState, 'must-close')
    assert.throws(() => pair.server.send(response(101)), { code: 'INVALID_STATUS' })
  })
})

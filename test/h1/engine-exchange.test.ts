// Whole exchanges: a client engine and a server engine joined, each with the bytes whole, byte by byte, and in threes.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type EventToSend, ImproperConnectionState } from '../../src/h1/index.ts'
import { latin1, wire } from '../support/bytes.ts'
import {
  CHUNKED,
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

describe('an exchange of two engines', () => {
  it(
    'carries a request and a response with length, and another one may follow [9112-9.3-1]',
    everyCut((pair) => {
      pair.send('client', request('POST', length(5)), data('he'), data('llo'), end)
      pair.send('server', response(200, length(3)), data('yes'), end)
      pair.assertStates('idle', 'idle')
      assert.equal(pair.client.isReusable, true)
      assert.equal(pair.server.isReusable, true)
      assert.deepEqual(framings(pair.seen.server), [{ kind: 'length', length: 5 }])
      assert.deepEqual(framings(pair.seen.client), [{ kind: 'length', length: 3 }])
      pair.send('client', request('GET'), end)
      assert.equal(pair.client.outstanding, 1)
      pair.send('server', response(200, length(0)), end)
      assert.equal(pair.client.outstanding, 0)
      pair.assertStates('idle', 'idle')
    }),
  )

  it(
    'carries chunked bodies with trailers both ways [9112-7.1-1, 9112-7.1.2-1]',
    everyCut((pair) => {
      const bytes = Buffer.from(Array.from({ length: 300 }, (_, index) => index % 256))
      const trailers: Field[] = [
        ['X-Sum', '1'],
        ['x-sum', '2'],
      ]
      const written = pair.send('client', request('PUT', CHUNKED), data(bytes), data('é'), {
        type: 'end',
        trailers,
      })
      assert.deepEqual(
        written,
        Buffer.concat([
          wire`
PUT / HTTP/1.1
Host: a.example
Transfer-Encoding: chunked

12C
`,
          bytes,
          wire`

2
\xc3\xa9
0
X-Sum: 1
x-sum: 2

`,
        ]),
      )
      pair.send('server', response(200, CHUNKED), data('0123456789'), { type: 'end', trailers })
      pair.assertStates('idle', 'idle')
      assert.deepEqual(framings(pair.seen.client), [{ kind: 'chunked' }])
    }),
  )

  it('ends a body without length at the end of the connection [9112-6.3-8]', () => {
    for (const cut of CUTS) {
      const pair = new EnginePair({ cut })
      pair.send('client', request('GET'), end)
      pair.send('server', response(200), data('until'), data(' the end'), end)
      assert.deepEqual(framings(pair.seen.client), [{ kind: 'until-close' }])
      assert.deepEqual(kinds(pair.seen.client), ['response', 'data'])
      pair.send('server', { type: 'closed' })
      assert.deepEqual(kinds(pair.seen.client), ['response', 'data', 'end', 'closed'])
      pair.assertStates('must-close', 'closed')
      pair.assertSame()
    }
  })

  it(
    'delivers any number of informational responses before the final one [9110-15.2-1, 8297-3-1]',
    everyCut((pair) => {
      pair.send('client', request('GET'), end)
      pair.send('server', informational(103, ['Link', '</a>'], ['Link', '</b>']))
      pair.assertStates('done', 'send-response')
      pair.send('server', informational(199), informational(102), response(204), end)
      assert.deepEqual(kinds(pair.seen.client), [
        'informational',
        'informational',
        'informational',
        'response',
        'end',
      ])
      pair.assertStates('idle', 'idle')
    }),
  )

  for (const status of [204, 304]) {
    it(
      `ends a ${status} response at its head, even with Content-Length [9112-6.3-1]`,
      everyCut((pair) => {
        pair.send('client', request('GET'), end)
        pair.send('server', response(status, length(7)), end)
        assert.deepEqual(framings(pair.seen.client), [{ kind: 'none' }])
        pair.assertStates('idle', 'idle')
      }),
    )
  }

  it(
    'ends the response to HEAD at its head, whatever framing it announces [9112-6.3-1, 9110-6-1]',
    everyCut((pair) => {
      for (const field of [length(7), CHUNKED]) {
        pair.send('client', request('HEAD'), end)
        pair.send('server', response(200, field), end)
        pair.assertStates('idle', 'idle')
      }
      assert.deepEqual(framings(pair.seen.client), [{ kind: 'none' }, { kind: 'none' }])
    }),
  )
})

const oldResponse = (...fields: Field[]): EventToSend => ({
  ...response(200, length(0), ...fields),
  version: 10,
})

describe('persistence, RFC 9112 §9.3', () => {
  const CLOSE: Field = ['Connection', 'x, CLOSE']

  it(
    'a request with close is the last one of its connection [9110-7.6.1-3]',
    everyCut((pair) => {
      pair.send('client', request('GET', CLOSE), end)
      pair.assertStates('must-close', 'send-response')
      pair.send('server', response(200, length(0)), end)
      pair.assertStates('must-close', 'must-close')
      assert.equal(pair.client.canSendRequest, false)
      assert.throws(() => pair.client.send(request('GET')), ImproperConnectionState)
    }),
  )

  it(
    'a response with close is the last one of its connection [9110-7.6.1-3]',
    everyCut((pair) => {
      pair.send('client', request('GET'), end)
      pair.send('server', response(200, length(0), CLOSE), end)
      pair.assertStates('must-close', 'must-close')
      assert.equal(pair.client.isReusable, false)
      assert.throws(() => pair.client.send(request('GET')), ImproperConnectionState)
      pair.send('server', { type: 'closed' })
      pair.send('client', { type: 'closed' })
      pair.assertStates('closed', 'closed')
    }),
  )

  it(
    'HTTP/1.0 persists with keep-alive only, and close wins over it [9112-9.3-2]',
    everyCut((pair) => {
      pair.send('client', { ...request('GET', ['Connection', 'Keep-Alive']), version: 10 }, end)
      pair.send('server', oldResponse(['Connection', 'keep-alive']), end)
      pair.assertStates('idle', 'idle')
      pair.send('client', request('GET'), end)
      pair.send('server', oldResponse(['Connection', 'keep-alive, close']), end)
      pair.assertStates('must-close', 'must-close')
    }),
  )

  it(
    'an HTTP/1.0 message without keep-alive ends the connection [9112-9.3-2]',
    everyCut((pair) => {
      pair.send('client', { ...request('GET'), version: 10 }, end)
      pair.send('server', response(200, length(0)), end)
      pair.assertStates('must-close', 'must-close')
    }),
  )
})

describe('pipelining, RFC 9112 §9.3.2', () => {
  it(
    'answers belong to the requests in the order sent [9112-9.2-1, 9110-6-1]',
    everyCut(
      (pair) => {
        pair.send('client', request('HEAD'), end, request('GET'), end, request('GET'), end)
        assert.equal(pair.client.outstanding, 3)
        assert.equal(pair.client.canSendRequest, false)
        assert.throws(() => pair.client.send(request('GET')), ImproperConnectionState)
        assert.deepEqual(kinds(pair.seen.server), ['request', 'end'])
        pair.send('server', response(200, length(9)), end)
        assert.equal(pair.client.outstanding, 2)
        assert.equal(pair.client.canSendRequest, true)
        pair.send('server', informational(103), response(200, length(1)), data('2'), end)
        assert.equal(pair.client.outstanding, 1)
        pair.send('server', response(200, CHUNKED), data('3'), end)
        pair.assertStates('idle', 'idle')
        assert.deepEqual(framings(pair.seen.client), [
          { kind: 'none' },
          { kind: 'length', length: 1 },
          { kind: 'chunked' },
        ])
      },
      { pipelining: 3 },
    ),
  )

  it('no request follows a response that said close, and none of the others is answered', () => {
    const pair = new EnginePair({ client: { pipelining: 3 } })
    pair.send('client', request('GET'), end, request('GET'), end)
    pair.send('server', response(200, length(0), ['Connection', 'close']))
    assert.equal(pair.client.canSendRequest, false)
    pair.send('server', end)
    assert.equal(pair.client.canSendRequest, false)
    assert.equal(pair.client.outstanding, 1)
    assert.throws(() => pair.client.send(request('GET')), ImproperConnectionState)
    pair.client.receive(latin1('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'))
    assert.throws(() => pair.client.nextEvent(), { code: 'UNEXPECTED_DATA' })
  })

  it('a depth that is no whole number from 1 is refused', () => {
    for (const pipelining of [0, -1, 1.5, Number.NaN]) {
      assert.throws(() => new EnginePair({ client: { pipelining } }), TypeError)
    }
  })
})

describe('a response that comes early', () => {
  it(
    'lets the client finish its request and reuse the connection',
    everyCut((pair) => {
      pair.send('client', request('PUT', length(4)), data('ab'))
      pair.send('server', response(413, length(2)), data('no'), end)
      pair.assertStates('send-body', 'done')
      assert.equal(pair.client.isReusable, false)
      pair.send('client', data('cd'), end)
      pair.assertStates('idle', 'idle')
    }),
  )

  it(
    'with close lets the client close without the rest',
    everyCut((pair) => {
      pair.send('client', request('PUT', CHUNKED), data('ab'))
      pair.send('server', response(413, length(0), ['Connection', 'close']), end)
      pair.assertStates('send-body', 'must-close')
      assert.deepEqual(kinds(pair.seen.client), ['response', 'end'])
      assert.equal(pair.client.canSendRequest, false)
    }),
  )

  it(
    'a 100 comes before the content, the final response after it',
    everyCut((pair) => {
      pair.send('client', request('POST', length(2), ['Expect', '100-continue']))
      assert.deepEqual(kinds(pair.seen.server), ['request'])
      pair.send('server', informational(100))
      pair.assertStates('send-body', 'send-response')
      assert.deepEqual(kinds(pair.seen.client), ['informational'])
      pair.send('client', data('ok'), end)
      pair.send('server', response(200, length(0)), end)
      assert.deepEqual(kinds(pair.seen.client), ['informational', 'response', 'end'])
      pair.assertStates('idle', 'idle')
    }),
  )
})

// Requests that a proxy is sent as they are, over a function that answers for it: what each is sent with, by RFC 7616 §3.3 and RFC
// 9110 §15.5.8, and what becomes of a body.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { exchangeAs } from '../../src/client/proxy-auth.ts'
import { type FieldLine, fieldValues } from '../../src/core/fields.ts'
import type { RequestBody } from '../../src/core/outgoing-body.ts'
import { renewed } from '../../src/core/renewal.ts'
import type { OutgoingRequest } from '../../src/core/request.ts'
import type { HTTPResponse } from '../../src/core/response.ts'
import { ProxyIdentity } from '../../src/transport/proxy-identity.ts'
import { bodyOf, requestTo, responseTo, settingsOf } from '../support/memory-handler.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

const CREDENTIALS = { user: 'user', password: 'word' }
const LARGE = Buffer.alloc(65_537)

/** The 407 of a proxy. */
function who(nonce: string, more = ''): readonly FieldLine[] {
  return [['Proxy-Authenticate', `Digest realm="r", nonce="${nonce}", qop="auth"${more}`]]
}

/** A proxy that answers in turn: 407 with the fields that are given, and 200 where none are. */
class Answers {
  /** What was sent: the method, and the nonce and count that it was said with. */
  readonly sent: string[] = []
  readonly responses: HTTPResponse[] = []
  readonly requests: OutgoingRequest[] = []
  readonly #answers: (readonly FieldLine[] | undefined)[]

  constructor(answers: (readonly FieldLine[] | undefined)[]) {
    this.#answers = answers
  }

  readonly send = (request: OutgoingRequest): Promise<HTTPResponse> => {
    const [said = ''] = fieldValues(request.fields, 'proxy-authorization')
    const [, nonce = said.split(' ')[0]] = /nonce="([^"]*)"/.exec(said) ?? []
    const [, count = ''] = /nc=0*([0-9a-f]+)/.exec(said) ?? []
    this.sent.push(`${request.method} ${nonce} ${count}`.trim())
    this.requests.push(request)
    const fields = this.#answers.shift()
    const response = responseTo(request, fields === undefined ? 200 : 407, fields)
    this.responses.push(response)
    return Promise.resolve(response)
  }
}

async function ask(
  answers: (readonly FieldLine[] | undefined)[],
  {
    body,
    identity = new ProxyIdentity({ scheme: 'digest', ...CREDENTIALS }),
  }: { body?: RequestBody; identity?: ProxyIdentity } = {},
): Promise<{ readonly proxy: Answers; readonly status: number; readonly identity: ProxyIdentity }> {
  const proxy = new Answers(answers)
  const settings = settingsOf()
  const parts = body === undefined ? { settings } : { settings, method: 'POST', body: bodyOf(body) }
  const { status } = await exchangeAs(identity, requestTo('http://a.test/', parts), proxy.send)
  // What is not answered with is given up.
  assert.ok(proxy.responses.slice(0, -1).every(({ isClosed }) => isClosed))
  return { proxy, status, identity }
}

const onceOnly = (): ReadableStream => new ReadableStream({ pull: (to) => to.enqueue(Buffer.from('a')) })

/** Whether a request says that its connection is not used again. */
const closes = ({ fields }: OutgoingRequest): boolean => fieldValues(fields, 'connection').includes('close')

describe('a request to a proxy', () => {
  for (const [what, answers, sent, status] of [
    ['that asks nothing', [undefined], ['GET'], 200],
    ['that asks', [who('a'), undefined], ['GET', 'GET a 1'], 200],
    ['that asks by another scheme', [[['Proxy-Authenticate', 'Basic realm="r"']]], ['GET'], 407],
    ['that knows another password', [who('a'), who('b')], ['GET', 'GET a 1'], 407],
    [
      'whose nonces are old at once',
      [who('a'), who('b', ', stale=true'), undefined],
      ['GET', 'GET a 1', 'GET b 1'],
      200,
    ],
    [
      'whose nonces are always old',
      ['a', 'b', 'c', 'd', 'e', 'f'].map((nonce) => who(nonce, ', stale=true')),
      ['GET', 'GET a 1', 'GET b 1', 'GET c 1', 'GET d 1'],
      407,
    ],
  ] as const)
    it(`${what} is sent ${sent.length} times`, async () => {
      const asked = await ask([...answers] as (readonly FieldLine[] | undefined)[])
      assert.deepEqual(asked.proxy.sent, sent)
      assert.equal(asked.status, status)
    })

  it('has a count of its own where the pool sends it again [7616-3.4-6]', async () => {
    const { proxy, identity } = await ask([who('a'), undefined])
    const counts: string[] = []
    let last = proxy.requests.at(-1)!
    for (let i = 0; i < 3; i++) {
      const lines = fieldValues(last.fields, 'proxy-authorization')
      counts.push(...lines.map((line) => /nc=(\w+)/.exec(line)![1]!))
      last = renewed(last)
    }
    assert.deepEqual(counts, ['00000001', '00000002', '00000003'])
    const next = await ask([undefined], { identity })
    assert.deepEqual(next.proxy.sent, ['GET a 5'])
    const basic = await ask([undefined], { identity: new ProxyIdentity({ scheme: 'basic', ...CREDENTIALS }) })
    const [sent] = basic.proxy.requests
    assert.equal(renewed(sent!), sent)
  })

  it('says Basic at once, and once', async () => {
    const identity = new ProxyIdentity({ scheme: 'basic', ...CREDENTIALS })
    for (const body of ['small', LARGE, onceOnly()]) {
      const { proxy, status } = await ask([[['Proxy-Authenticate', 'Basic realm="r"']]], { body, identity })
      assert.deepEqual([proxy.sent, status], [['POST Basic'], 407])
    }
  })
})

describe('a body to a proxy that asks by Digest', () => {
  it('is not sent again on the connection of its refusal, which may close without a word [9112-9.6-1]', async () => {
    const { proxy, identity } = await ask([who('a'), undefined], { body: 'again' })
    assert.deepEqual(proxy.requests.map(closes), [true, false])
    const known = await ask([undefined], { body: 'again', identity })
    assert.deepEqual(known.proxy.requests.map(closes), [false])
    const safe = await ask([who('a'), undefined])
    // Another request may be given the connection after it.
    assert.deepEqual(safe.proxy.requests.map(closes), [true, false])
  })

  it('is sent again where it can be', async () => {
    const { proxy } = await ask([who('a'), undefined], { body: 'again' })
    assert.deepEqual(proxy.sent, ['POST', 'POST a 1'])
    assert.ok(proxy.requests.every(({ body }) => body.kind === 'bytes'))
  })

  for (const [what, makeBody] of [
    ['can be sent once only', onceOnly],
    ['is large', () => LARGE],
  ] as const) {
    it(`that ${what} waits for a challenge, and answers it`, async () => {
      const { proxy, identity, status } = await ask([who('a'), undefined], { body: makeBody() })
      assert.deepEqual([proxy.sent, status], [['OPTIONS', 'POST a 1'], 200])
      const [question] = proxy.requests
      assert.deepEqual(
        [question!.fields, question!.body.kind],
        [
          [
            ['Connection', 'close'],
            ['Max-Forwards', '0'],
          ],
          'none',
        ],
      )
      // The nonce is known now.
      const next = await ask([undefined], { body: makeBody(), identity })
      assert.deepEqual(next.proxy.sent, ['POST a 2'])
    })

    it(`that ${what} is asked for again once a nonce was too old, where this one was used`, async () => {
      const { identity } = await ask([who('a'), undefined])
      const refused = await ask([who('b', ', stale=true'), undefined], { identity })
      assert.deepEqual(refused.proxy.sent, ['GET a 2', 'GET b 1'])
      const { proxy } = await ask([who('c'), undefined], { body: makeBody(), identity })
      assert.deepEqual(proxy.sent, ['OPTIONS', 'POST c 1'])
    })

    it(`that ${what} is sent where nothing is asked`, async () => {
      const { proxy } = await ask([undefined, undefined], { body: makeBody() })
      assert.deepEqual(proxy.sent, ['OPTIONS', 'POST'])
    })
  }

  it('that can be sent once only is not sent again, and has the next one know', async () => {
    const { identity } = await ask([who('a'), undefined])
    const refused = await ask([who('b', ', stale=true')], { body: onceOnly(), identity })
    assert.deepEqual([refused.proxy.sent, refused.status], [['POST a 2'], 407])
    const next = await ask([undefined], { body: onceOnly(), identity })
    assert.deepEqual(next.proxy.sent, ['POST b 1'])
  })

  it('is given back where asking fails', async () => {
    let isReturned = false
    const stream = new ReadableStream({
      cancel: () => {
        isReturned = true
      },
    })
    const identity = new ProxyIdentity({ scheme: 'digest', ...CREDENTIALS })
    const reason = new Error('lost')
    const request = requestTo('http://a.test/', { method: 'POST', body: bodyOf(stream) })
    await assert.rejects(
      exchangeAs(identity, request, () => Promise.reject(reason)),
      reason,
    )
    assert.ok(isReturned)
  })
})

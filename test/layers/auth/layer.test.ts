// The layer over a handler in memory: what becomes of responses and of bodies that are given up.

import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { describe, it } from 'node:test'
import { ChunkedBody } from '../../../src/core/outgoing-body.ts'
import type { OutgoingRequest, RequestParts } from '../../../src/core/request.ts'
import type { HTTPResponse } from '../../../src/core/response.ts'
import type { AuthSettings } from '../../../src/core/settings.ts'
import { AuthError } from '../../../src/errors/index.ts'
import { authLayer } from '../../../src/layers/auth/layer.ts'
import { type AuthOption, resolveAuth } from '../../../src/layers/auth/option.ts'
import { ProtectionSpaces } from '../../../src/layers/auth/spaces.ts'
import { Tokens } from '../../../src/layers/auth/tokens.ts'
import { Pauses } from '../../../src/layers/pause.ts'
import { systemClock } from '../../../src/time/clock.ts'
import { bodyOf, MemoryHandler, requestTo, responseTo, settingsOf } from '../../support/memory-handler.ts'
import { checkOpenHandles } from '../../support/open-handles.ts'
import { rejectionAs } from '../../support/rejection.ts'

checkOpenHandles()

const CHALLENGE = { 'WWW-Authenticate': 'Digest realm="r", nonce="n", qop="auth"' }

function layer(): ReturnType<typeof authLayer> {
  const memory = {
    spaces: new ProtectionSpaces(),
    tokens: new Tokens(),
    netrc: () => Promise.resolve(undefined),
  }
  return authLayer({ memory, clock: systemClock, pauses: new Pauses() })
}

function request(auth: AuthOption, parts: Partial<RequestParts> = {}): OutgoingRequest {
  const settings = { ...settingsOf(), auth: resolveAuth(auth) as AuthSettings }
  return requestTo('http://a.test/', { ...parts, settings })
}

describe('the layer of authentication', () => {
  it('closes each refusal before it sends again, and not the answer', async () => {
    const handler = new MemoryHandler([401, CHALLENGE], [200])
    const response = await layer()(handler.handle)(request({ digest: ['me', 'pw'] }))
    assert.equal(response.status, 200)
    assert.equal(handler.responses[0]!.isClosed, true)
    assert.equal(response.isClosed, false)
    response.close()
  })

  it('closes a response whose proof is wrong', async () => {
    const info = { 'Authentication-Info': 'rspauth="00"' }
    const handler = new MemoryHandler([401, CHALLENGE], [200, info])
    const error = await rejectionAs(layer()(handler.handle)(request({ digest: ['me', 'pw'] })), AuthError)
    assert.equal(error.code, 'AUTH_PROOF')
    assert.deepEqual(
      handler.responses.map(({ isClosed }) => isClosed),
      [true, true],
    )
  })

  it('gives back what is still sent of a body that was refused in its middle, and sends another', async () => {
    const made: Readable[] = []
    const body = bodyOf(() => {
      const source = new Readable({ read: () => {} })
      made.push(source)
      return source
    })
    const wasDestroyed: boolean[] = []
    const response = await layer()((sent) => {
      wasDestroyed.push(...made.map(({ destroyed }) => destroyed))
      assert.ok(sent.body instanceof ChunkedBody)
      sent.body.open()
      const isFirst = made.length === 1
      return Promise.resolve(responseTo(sent, isFirst ? 401 : 200, isFirst ? Object.entries(CHALLENGE) : []))
    })(request({ digest: ['me', 'pw'] }, { method: 'POST', body }))
    assert.equal(response.status, 200)
    // Before the first sending, then before the second one.
    assert.deepEqual(wasDestroyed, [false, true])
    response.close()
    for (const one of made) one.destroy()
  })

  it('sends a body again whose first source fails once it was refused, whatever is waited for then', async () => {
    const made: Readable[] = []
    const body = bodyOf(() => {
      const source = new Readable({ read: () => {} })
      made.push(source)
      return source
    })
    const tokens = ['old', 'new']
    const values: (string | undefined)[] = []
    const answer = async (sent: OutgoingRequest): Promise<HTTPResponse> => {
      assert.ok(sent.body instanceof ChunkedBody)
      sent.body.open()
      values.push(sent.fields.find(([name]) => name === 'Authorization')?.[1])
      if (made.length > 1) return responseTo(sent, 200)
      made[0]!.destroy(new Error('gone'))
      await new Promise((resolve) => made[0]!.once('close', resolve))
      return responseTo(sent, 401)
    }
    const bearer = (): Promise<string> => Promise.resolve(tokens.shift()!)
    const response = await layer()(answer)(request({ bearer }, { method: 'POST', body }))
    assert.equal(response.status, 200)
    assert.deepEqual(values, ['Bearer old', 'Bearer new'])
    response.close()
    made[1]!.destroy()
  })
})

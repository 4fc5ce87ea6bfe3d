// When a server is asked without the body, and what it is asked.

import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { describe, it } from 'node:test'
import type { FieldLine } from '../../../src/core/fields.ts'
import { bytesBody, ChunkedBody, type OutgoingBody, takeBody } from '../../../src/core/outgoing-body.ts'
import { withChanges } from '../../../src/core/request.ts'
import type { AuthSettings } from '../../../src/core/settings.ts'
import { resolveAuth, settingsForPair } from '../../../src/layers/auth/option.ts'
import { asksFirst, isLent, questionOf } from '../../../src/layers/auth/question.ts'
import { requestWith } from '../../support/layer-exchange.ts'
import { checkOpenHandles } from '../../support/open-handles.ts'

checkOpenHandles()

const boundary = (): string => 'b'
const once = (): OutgoingBody => {
  const body = takeBody(Readable.from(['x']), boundary)
  assert.ok(body instanceof ChunkedBody)
  return body
}
const DIGEST = resolveAuth({ digest: ['me', 'pw'] }) as AuthSettings
const BASIC = resolveAuth({ basic: ['me', 'pw'] }) as AuthSettings
const PAIR = settingsForPair({ user: 'me', password: 'pw' }, 'url')

/** Whether a request with a body asks first. */
const ask = (
  auth: AuthSettings,
  body: OutgoingBody,
  { ahead = auth.ahead, continueMs }: { ahead?: AuthSettings['ahead']; continueMs?: number } = {},
): boolean => {
  const request = withChanges(requestWith(undefined, { method: 'POST', body }), {
    expectContinueMs: continueMs,
  })
  const asks = asksFirst(request, auth, ahead)
  if (body instanceof ChunkedBody) body.close()
  return asks
}

describe('a question without the body', () => {
  it('is asked where a body that can be sent once would be spent on a refusal', () => {
    assert.equal(ask(DIGEST, once()), true)
  })

  it('is not asked for a body that can be sent again, nor for none', () => {
    const again = takeBody(() => Readable.from(['x']), boundary) as OutgoingBody
    for (const body of [{ kind: 'none' } as const, bytesBody(new Uint8Array(3)), again])
      assert.equal(ask(DIGEST, body), false)
  })

  // What the server does with the question cannot be undone where it asks for nothing.
  it('is not asked where something is sent ahead: said to be right, or Basic of a URL', () => {
    assert.equal(ask(BASIC, once()), false)
    assert.equal(ask(PAIR, once()), false)
    const [, digest] = PAIR.credentials
    assert.equal(ask(PAIR, once(), { ahead: digest }), false)
  })

  it('is not asked where there are no credentials, nor where the head is the question', () => {
    assert.equal(ask({ ...DIGEST, credentials: [] }, once()), false)
    assert.equal(ask(DIGEST, once(), { continueMs: 1_000 }), false)
    const lent = withChanges(requestWith(undefined, { body: once() }), { expectContinueMs: 1 })
    assert.equal(isLent(lent), true)
    assert.equal(isLent(withChanges(lent, { body: 'text' })), false)
    assert.equal(isLent(withChanges(lent, { expectContinueMs: undefined })), false)
  })

  it('is the request without what describes its body, in its fields and in those of the client', () => {
    const ofBody: readonly FieldLine[] = [
      ['Content-Length', '4'],
      ['CONTENT-DIGEST', 'sha-256=:YWJj:'],
      ['Repr-Digest', 'sha-256=:YWJj:'],
      ['Digest', 'SHA-256=YWJj'],
      ['Content-Range', 'bytes 0-3/4'],
      ['Content-Encoding', 'gzip'],
      ['Content-Disposition', 'attachment'],
      ['Transfer-Encoding', 'chunked'],
      ['Trailer', 'X'],
      ['Expect', '100-continue'],
      ['Idempotency-Key', '"1"'],
    ]
    const kept: readonly FieldLine[] = [
      ['Content-Type', 'text/plain'],
      ['If-Match', '"e"'],
      ['X-Own', '1'],
    ]
    const request = withChanges(
      requestWith(undefined, { method: 'PUT', body: bytesBody(new Uint8Array(4)) }),
      {
        fields: [...ofBody, ...kept],
        defaults: [...ofBody, ...kept],
        trailers: [['X', '1']],
        chunked: true,
        expectContinueMs: 1_000,
      },
    )
    const question = questionOf(request)
    assert.deepEqual([question.method, question.url], ['PUT', 'http://a.test/x'])
    assert.deepEqual([question.fields, question.defaults], [kept, kept])
    assert.deepEqual(question.body, { kind: 'none' })
    assert.deepEqual(
      [question.trailers, question.chunked, question.expectContinueMs],
      [undefined, false, undefined],
    )
    // Nothing is copied where nothing is left out.
    const plain = withChanges(request, { fields: kept, defaults: kept })
    assert.equal(questionOf(plain).fields, kept)
    assert.equal(questionOf(plain).defaults, kept)
  })
})

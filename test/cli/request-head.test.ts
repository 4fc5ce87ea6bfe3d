import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { expectsContinue, type HeadFacts, planFields } from '../../src/cli/request-head.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

const FACTS: HeadFacts = {
  method: 'GET',
  authority: 'example.com',
  authorization: undefined,
  userAgent: 'httplib/1',
  headerLines: [],
  bodyLength: undefined,
}

describe('the head of a request of the command', () => {
  it('has the fields that curl sends', () => {
    assert.deepEqual(planFields(FACTS), [
      ['Host', 'example.com'],
      ['User-Agent', 'httplib/1'],
      ['Accept', '*/*'],
    ])
  })

  it('has those of a form, in the order of curl', () => {
    const facts = {
      ...FACTS,
      method: 'POST',
      authorization: 'Basic eA==',
      headerLines: ['X-A: 1'],
      bodyLength: 3,
    }
    assert.deepEqual(planFields(facts), [
      ['Host', 'example.com'],
      ['Authorization', 'Basic eA=='],
      ['User-Agent', 'httplib/1'],
      ['Accept', '*/*'],
      ['X-A', '1'],
      ['Content-Length', '3'],
      ['Content-Type', 'application/x-www-form-urlencoded'],
    ])
  })

  it('gives way to lines of the same name, and leaves out what they leave empty', () => {
    const headerLines = ['host: other', 'ACCEPT:', 'x-empty;', 'content-type: text/plain', 'User-Agent: me']
    assert.deepEqual(planFields({ ...FACTS, headerLines, bodyLength: 1, method: 'POST' }), [
      ['host', 'other'],
      ['x-empty', ''],
      ['content-type', 'text/plain'],
      ['User-Agent', 'me'],
      ['Content-Length', '1'],
    ])
  })

  it('says that a POST without a body has none, and no length beside chunked [9110-8.6-1]', () => {
    const bare = { ...FACTS, userAgent: '', headerLines: ['Accept:'] }
    assert.deepEqual(planFields({ ...bare, method: 'post' }), [
      ['Host', 'example.com'],
      ['Content-Length', '0'],
    ])
    const headerLines = ['Accept:', 'Transfer-Encoding: chunked']
    assert.deepEqual(planFields({ ...bare, method: 'PUT', bodyLength: 2, headerLines }), [
      ['Host', 'example.com'],
      ['Transfer-Encoding', 'chunked'],
      ['Content-Type', 'application/x-www-form-urlencoded'],
    ])
  })

  it('refuses a length that is not that of the body', () => {
    const headerLines = ['Content-Length: 3']
    assert.throws(() => planFields({ ...FACTS, headerLines, bodyLength: 2 }), { message: /Content-Length/ })
    assert.throws(() => planFields({ ...FACTS, headerLines }), { message: /Content-Length/ })
    assert.equal(planFields({ ...FACTS, headerLines, bodyLength: 3 }).length, 5)
  })

  it('sends what is not ASCII as UTF-8', () => {
    assert.deepEqual(planFields({ ...FACTS, headerLines: ['X: é'] }).at(-1), ['X', '\u00c3\u00a9'])
  })

  it('refuses a line without a name or a colon, without repeating it', () => {
    for (const line of ['secret', ': secret', ';', '']) {
      assert.throws(
        () => planFields({ ...FACTS, headerLines: [line] }),
        (error) => error instanceof Error && !error.message.includes('secret'),
      )
    }
  })

  it('knows whether the body has to wait', () => {
    assert.equal(expectsContinue([['expect', '100-Continue']]), true)
    assert.equal(expectsContinue([['Accept', '100-continue']]), false)
  })
})

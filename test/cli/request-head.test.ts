import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  checkLength,
  expectsContinue,
  finishHead,
  type HeadFacts,
  planFields,
  readHeaderLine,
} from '../../src/cli/request/head.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

const FACTS: HeadFacts = {
  method: 'GET',
  custom: [],
  made: [
    ['Authorization', undefined],
    ['User-Agent', 'httplib/1'],
    ['Accept', '*/*'],
  ],
  body: undefined,
  asksFirst: false,
}
const FORM = 'application/x-www-form-urlencoded'

function head(changes: Partial<HeadFacts> & { lines?: string[] }): string[] {
  const { lines = [], ...rest } = changes
  const facts: HeadFacts = { ...FACTS, ...rest, custom: lines.map(readHeaderLine) }
  const { method, body } = facts
  const fields = finishHead(planFields(facts), {
    facts,
    method,
    hasBody: body !== undefined,
    host: ['Host', 'example.com'],
    version: 11,
  })
  return fields.map(([name, value]) => `${name}: ${value}`)
}

describe('the head of a request of the command', () => {
  it('has the fields that curl sends', () => {
    assert.deepEqual(head({}), ['Host: example.com', 'User-Agent: httplib/1', 'Accept: */*'])
  })

  it('has those of a form, in the order of curl', () => {
    const made = [['Authorization', 'Basic eA=='], ...FACTS.made.slice(1)] as HeadFacts['made']
    assert.deepEqual(
      head({
        method: 'POST',
        made,
        lines: ['X-A: 1'],
        body: { length: 3, contentType: FORM },
        asksFirst: true,
      }),
      [
        'Host: example.com',
        'Authorization: Basic eA==',
        'User-Agent: httplib/1',
        'Accept: */*',
        'X-A: 1',
        'Content-Length: 3',
        `Content-Type: ${FORM}`,
        'Expect: 100-continue',
      ],
    )
  })

  it('gives way to lines of the same name, and leaves out what they leave empty', () => {
    const lines = ['host: other', 'ACCEPT:', 'x-empty;', 'content-type: text/plain', 'User-Agent: me']
    assert.deepEqual(head({ lines, method: 'POST', body: { length: 1, contentType: FORM } }), [
      'host: other',
      'x-empty: ',
      'content-type: text/plain',
      'User-Agent: me',
      'Content-Length: 1',
    ])
    assert.deepEqual(head({ lines: ['Host:', 'Accept:', 'User-Agent:'] }), [])
  })

  it('says that a POST without a body has none, and no length beside chunked [9110-8.6-1]', () => {
    const made: HeadFacts['made'] = []
    assert.deepEqual(head({ made, method: 'post' }), ['Host: example.com', 'Content-Length: 0'])
    const lines = ['Transfer-Encoding: chunked']
    assert.deepEqual(head({ made, method: 'PUT', body: { length: 2, contentType: FORM }, lines }), [
      'Host: example.com',
      'Transfer-Encoding: chunked',
      `Content-Type: ${FORM}`,
    ])
    assert.deepEqual(head({ made, method: 'PUT', body: { length: undefined, contentType: undefined } }), [
      'Host: example.com',
      'Transfer-Encoding: chunked',
    ])
  })

  it('has what other layers add where curl has it', () => {
    const fields = finishHead(
      [
        ['Accept', '*/*'],
        ['X-A', '1'],
        ['Cookie', 'a=b'],
        ['Authorization', 'Digest x'],
      ],
      {
        facts: { ...FACTS, custom: [{ name: 'X-A', value: '1' }] },
        method: 'GET',
        hasBody: false,
        host: ['Host', 'h'],
        version: 11,
      },
    )
    assert.deepEqual(
      fields.map(([name]) => name),
      ['Host', 'Authorization', 'Accept', 'Cookie', 'X-A'],
    )
  })

  it('refuses a length that is not that of the body', () => {
    const custom = [readHeaderLine('Content-Length: 3')]
    const body = { length: 2, contentType: FORM }
    assert.throws(() => checkLength({ ...FACTS, custom, body }), { message: /Content-Length/ })
    assert.throws(() => checkLength({ ...FACTS, custom }), { message: /Content-Length/ })
    checkLength({ ...FACTS, custom, body: { ...body, length: 3 } })
    checkLength({ ...FACTS, custom, body: { ...body, length: undefined } })
    checkLength({ ...FACTS, custom: [readHeaderLine('Content-Length: 0')] })
    checkLength(FACTS)
  })

  it('sends what is not ASCII as UTF-8', () => {
    assert.deepEqual(readHeaderLine('X: \u00e9'), { name: 'X', value: '\u00c3\u00a9' })
  })

  it('refuses a line without a name or a colon, without repeating it', () => {
    for (const line of ['secret', ': secret', ';', '']) {
      assert.throws(
        () => readHeaderLine(line),
        (error) => error instanceof Error && !error.message.includes('secret'),
      )
    }
  })

  it('knows whether the body has to wait', () => {
    assert.equal(expectsContinue([{ name: 'expect', value: '100-Continue' }]), true)
    assert.equal(expectsContinue([{ name: 'Accept', value: '100-continue' }]), false)
  })
})

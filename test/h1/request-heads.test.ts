// What is kept from one head to the next must never show: a writer that has written many heads gives what a new one gives.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { FieldLine } from '../../src/core/fields.ts'
import type { RequestToSend } from '../../src/h1/events.ts'
import { writeRequestFields, writeRequestLine } from '../../src/h1/head-writer.ts'
import { type KeptHead, shareFields, writeRequestHead } from '../../src/h1/request-heads.ts'
import { resolveTolerances, type Tolerances } from '../../src/h1/tolerances.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

const STRICT = resolveTolerances()

/** Few values, so that heads are often equal in some part; some of them must not be sent. */
const requests: fc.Arbitrary<RequestToSend> = fc.record({
  type: fc.constant('request' as const),
  method: fc.constantFrom('GET', 'get', 'POST', 'OPTIONS', 'TRACE', 'G T'),
  target: fc.constantFrom('/', '/a', '*', '', '/a b'),
  version: fc.constantFrom(undefined, 10 as const, 11 as const),
  fields: fc.array(
    fc.tuple(
      fc.constantFrom('Host', 'Content-Length', 'Connection', 'Upgrade', 'X-A', 'X:A'),
      fc.constantFrom('a', '3', 'close', 'upgrade', 'a\r\nb'),
    ),
    { maxLength: 3 },
  ),
})

/** What the plain functions make of a request: head and facts, or the code of the error. */
function plain({ method, target, version = 11, fields }: RequestToSend): unknown {
  const line = writeRequestLine(method, target, version)
  const written = writeRequestFields(method, version, fields, STRICT)
  return { method, text: line + written.text, fields: written }
}

function outcomeOf(write: () => unknown): unknown {
  try {
    return write()
  } catch (error) {
    return { error: (error as { code?: string }).code }
  }
}

/** What a connection keeps of the request heads that it writes, as an engine does. */
class RequestHeads {
  readonly #tolerances: Tolerances
  #kept: KeptHead | undefined

  constructor(tolerances: Tolerances) {
    this.#tolerances = tolerances
  }

  write(request: RequestToSend): KeptHead['last'] {
    const written = writeRequestHead(request, this.#tolerances, this.#kept)
    if (written.isOwn) this.#kept = written
    return written.last
  }
}

describe('writeRequestHead', () => {
  it('gives what the plain functions give, whatever it wrote before', () => {
    fc.assert(
      fc.property(fc.array(requests, { minLength: 2, maxLength: 8 }), (sequence) => {
        const heads = new RequestHeads(STRICT)
        // Each twice: the second is the one that was kept.
        for (const request of sequence.flatMap((one) => [one, structuredClone(one)])) {
          assert.deepEqual(
            outcomeOf(() => heads.write(request)),
            outcomeOf(() => plain(request)),
          )
        }
      }),
      { numRuns: 2_000 },
    )
  })

  it('gives the very same string for an equal head', () => {
    const heads = new RequestHeads(STRICT)
    const request: RequestToSend = { type: 'request', method: 'GET', target: '/', fields: [['Host', 'a']] }
    assert.equal(heads.write(request), heads.write(structuredClone(request)))
  })

  it('takes no notice of a list that is changed after it was written', () => {
    const heads = new RequestHeads(STRICT)
    const fields: FieldLine[] = [['Host', 'a']]
    heads.write({ type: 'request', method: 'GET', target: '/', fields })
    fields[0] = ['Host', 'b']
    const { text } = heads.write({ type: 'request', method: 'GET', target: '/', fields })
    assert.equal(text, 'GET / HTTP/1.1\r\nHost: b\r\n\r\n')
  })

  it('gives the same for fields that connections share, whichever of them wrote before', () => {
    const lenient = resolveTolerances({ controlInValue: true })
    fc.assert(
      fc.property(fc.array(requests, { minLength: 2, maxLength: 4 }), (given) => {
        const connections = [new RequestHeads(STRICT), new RequestHeads(STRICT), new RequestHeads(lenient)]
        const shared = given.map((request) => ({ ...request, fields: shareFields(request.fields) }))
        for (const request of [...shared, ...shared]) {
          for (const heads of connections) {
            assert.deepEqual(
              outcomeOf(() => heads.write(request)),
              outcomeOf(() => plain(request)),
            )
          }
        }
      }),
      { numRuns: 500 },
    )
  })

  it('keeps one head for all connections that share its fields', () => {
    const fields = shareFields([['Host', 'a']])
    const request: RequestToSend = { type: 'request', method: 'GET', target: '/', fields }
    const lenient = resolveTolerances({ controlInValue: true })
    assert.equal(new RequestHeads(STRICT).write(request), new RequestHeads(STRICT).write({ ...request }))
    assert.equal(new RequestHeads(lenient).write(request), new RequestHeads(STRICT).write({ ...request }))
  })

  it('keeps a head with a folded value from those that may send none', () => {
    const folding = resolveTolerances({ foldedValues: true })
    const fields = shareFields([
      ['Host', 'a'],
      ['X', 'a\r\n\tb'],
    ])
    const request: RequestToSend = { type: 'request', method: 'GET', target: '/', fields }
    const { text } = new RequestHeads(folding).write(request)
    assert.equal(text, 'GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n\tb\r\n\r\n')
    assert.throws(() => new RequestHeads(STRICT).write({ ...request }), { code: 'INVALID_FIELD_VALUE' })
  })

  it('looks at each part of a request once: one that changes cannot get its fields into what is shared', () => {
    const fields = shareFields([['Host', 'a']])
    const looks = { method: 0, target: 0, version: 0, fields: 0 }
    const changing: RequestToSend = {
      type: 'request',
      get method() {
        return looks.method++ === 0 ? 'GET' : 'DELETE'
      },
      get target() {
        return looks.target++ === 0 ? '/' : '/other'
      },
      get version() {
        return looks.version++ === 0 ? (11 as const) : (10 as const)
      },
      get fields() {
        return looks.fields++ === 0 ? fields : [['Host', 'evil'] as const]
      },
    }
    const text = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
    assert.equal(new RequestHeads(STRICT).write(changing).text, text)
    assert.deepEqual(looks, { method: 1, target: 1, version: 1, fields: 1 })
    const plainOne: RequestToSend = { type: 'request', method: 'GET', target: '/', fields }
    assert.equal(new RequestHeads(STRICT).write(plainOne).text, text)
  })

  it('shares a copy that nobody can change', () => {
    const given: [string, string][] = [['Host', 'a']]
    const fields = shareFields(given)
    given[0]![1] = 'b'
    assert.deepEqual(fields, [['Host', 'a']])
    assert.ok(Object.isFrozen(fields) && Object.isFrozen(fields[0]))
    assert.throws(() => shareFields([['Host', 1 as unknown as string]]), TypeError)
  })
})

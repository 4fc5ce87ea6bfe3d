// Properties of the engine that hold for any message it is given to write and any order of calls. Failing runs print a seed.
// What it makes of any bytes it is given to read is the affair of test/suites/fuzz.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  type EventToSend,
  type FieldLine,
  H1Engine,
  HTTPException,
  ImproperConnectionState,
  LocalProtocolError,
  type Role,
  TRANSITIONS,
  type Transition,
} from '../../../src/h1/index.ts'
import { cutAt } from '../../support/engine-events.ts'
import { EnginePair } from '../../support/engine-pair.ts'
import { checkOpenHandles } from '../../support/open-handles.ts'

checkOpenHandles()

const HOST: FieldLine = ['Host', 'a']
const END: EventToSend = { type: 'end' }
const request = (method: string, ...fields: FieldLine[]): EventToSend => ({
  type: 'request',
  method,
  target: method === 'CONNECT' ? 'a:1' : '/',
  fields: [HOST, ...fields],
})

// ------------------------------------------------------------------------------------------ write, then read back

const TCHARS = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".split('')
const token = fc.string({ unit: fc.constantFrom(...TCHARS), minLength: 1, maxLength: 8 })
const valueCharacter = fc
  .integer({ min: 0x20, max: 0xff })
  .filter((code) => code !== 0x7f)
  .map((code) => String.fromCharCode(code))
const text = fc
  .string({ unit: fc.oneof(valueCharacter, fc.constant('\t')), maxLength: 12 })
  .map((value) => value.replace(/^[ \t]+|[ \t]+$/g, ''))
// Behind `x-` no name has a meaning that would change the message.
const fields = fc.array(
  fc.tuple(
    token.map((name) => `X-${name}`),
    text,
  ),
  { maxLength: 5 },
)
const target = fc
  .string({
    unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
    maxLength: 20,
  })
  .map((path) => `/${path}`)

/** A body in pieces, its framing fields, and the trailers it can have. */
const body = fc
  .record({
    pieces: fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 4 }),
    isChunked: fc.boolean(),
    trailers: fields,
  })
  .map(({ pieces, isChunked, trailers }) => {
    const length = pieces.reduce((sum, { length }) => sum + length, 0)
    const framing: FieldLine = isChunked
      ? ['Transfer-Encoding', 'chunked']
      : ['Content-Length', String(length)]
    const end: EventToSend = isChunked ? { type: 'end', trailers } : END
    return { framing, events: [...pieces.map((bytes): EventToSend => ({ type: 'data', bytes })), end] }
  })

const exchange = fc.record({
  method: token.filter((method) => !['HEAD', 'CONNECT', 'TRACE'].includes(method)),
  target,
  requestFields: fields,
  requestBody: body,
  informational: fc.array(fc.tuple(fc.constantFrom(100, 102, 103, 199), text, fields), { maxLength: 2 }),
  status: fc.integer({ min: 200, max: 999 }).filter((status) => status !== 204 && status !== 304),
  reason: text,
  responseFields: fields,
  responseBody: body,
})

describe('what one engine writes', () => {
  it('the other one reads, whatever the messages and however the bytes are cut', () => {
    fc.assert(
      fc.property(
        fc.array(exchange, { minLength: 1, maxLength: 3 }),
        fc.nat({ max: 90 }),
        (exchanges, step) => {
          const cut = (bytes: Buffer) =>
            cutAt(
              bytes,
              Array.from(bytes, (_, index) => index * (step + 1)),
            )
          const pair = new EnginePair({ cut })
          for (const { method, target, requestFields, requestBody, ...response } of exchanges) {
            const lines: FieldLine[] = [HOST, ...requestFields, requestBody.framing]
            pair.send('client', { type: 'request', method, target, fields: lines }, ...requestBody.events)
            for (const [status, reason, fields] of response.informational) {
              pair.send('server', { type: 'informational', status, reason, fields })
            }
            const { status, reason, responseFields, responseBody } = response
            const head = { status, reason, fields: [responseBody.framing, ...responseFields] }
            pair.send('server', { type: 'response', ...head }, ...responseBody.events)
            pair.assertStates('idle', 'idle')
          }
          pair.assertSame()
        },
      ),
      { numRuns: 250 },
    )
  })

  it('never lets a value, a name or a target begin another line', () => {
    const anyText = fc.string({
      unit: fc.integer({ max: 0x2ff }).map((code) => String.fromCharCode(code)),
      maxLength: 6,
    })
    fc.assert(
      fc.property(anyText, anyText, anyText, anyText, (method, target, name, value) => {
        const engine = new H1Engine('client')
        let written: string
        try {
          const event: EventToSend = { type: 'request', method, target, fields: [[name, value]] }
          written = engine.send(event).join('')
        } catch (error) {
          assert.ok(error instanceof LocalProtocolError)
          return
        }
        assert.equal(written, `${method} ${target} HTTP/1.1\r\n${name}: ${value}\r\n\r\n`)
        assert.equal(written.split(/[\r\n\0]+/).length, 3)
        assert.ok(/^[\0-\xff]*$/.test(written))
      }),
      { numRuns: 1000 },
    )
  })
})

// ------------------------------------------------------------------------------------------------- random walks

type Step = readonly [role: Role, transition: Transition, event: EventToSend]

const LAST: FieldLine = ['Connection', 'close']
const ONE: FieldLine = ['Content-Length', '1']
const response = (status: number, ...fields: FieldLine[]): EventToSend => ({
  type: 'response',
  status,
  fields,
})
const STEPS: readonly Step[] = [
  ['client', 'request', request('GET')],
  ['client', 'request', request('POST', ONE)],
  ['client', 'request', request('GET', LAST)],
  ['client', 'request', request('CONNECT')],
  ['client', 'data', { type: 'data', bytes: 'x' }],
  ['client', 'end', END],
  ['client', 'end', END],
  ['client', 'closed', { type: 'closed' }],
  ['server', 'informational', { type: 'informational', status: 103, fields: [] }],
  ['server', 'response', response(200, ONE)],
  ['server', 'response', response(404, ONE)],
  ['server', 'response', response(404, ONE, LAST)],
  ['server', 'data', { type: 'data', bytes: 'x' }],
  ['server', 'end', END],
  ['server', 'end', END],
  ['server', 'closed', { type: 'closed' }],
]
/** A body that does not fit its length is refused by another rule than the tables. */
const BODY_CODES: readonly string[] = ['BODY_TOO_LONG', 'BODY_TOO_SHORT']

describe('any walk of events', () => {
  it('is let through and refused as the tables say, and both engines agree on the states', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...STEPS), { maxLength: 40 }), (steps) => {
        const pair = new EnginePair()
        for (const [role, transition, event] of steps) {
          // To a client that asked nothing every answer is an offence; the tables allow it for a 408.
          if (transition === 'response' && pair.server.serverState === 'idle') continue
          const engine = pair[role]
          const before = [engine.clientState, engine.serverState] as const
          const state = role === 'client' ? before[0] : before[1]
          // A 2xx answer to CONNECT moves by `switch`, which the same states allow as an answer, but for `idle`.
          const isLegal = TRANSITIONS[role][state][transition] !== undefined
          try {
            pair.send(role, event)
            assert.ok(isLegal, `${role} sent '${transition}' in '${state}'`)
          } catch (error) {
            if (!(error instanceof HTTPException)) throw error
            assert.equal(error instanceof ImproperConnectionState, !isLegal, error.message)
            assert.ok(!isLegal || BODY_CODES.includes(error.code), error.message)
            assert.deepEqual([engine.clientState, engine.serverState], before)
          }
          // A reader sees the end of a body of known length before its writer has said it.
          const [client, server] = [pair.client.clientState, pair.server.serverState]
          if (client === 'send-body' || server === 'send-body') continue
          pair.assertStates(client, server)
          pair.assertSame()
        }
      }),
      { numRuns: 600 },
    )
  })
})

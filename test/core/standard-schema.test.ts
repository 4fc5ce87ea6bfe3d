// json(schema): the schemas of three packages, and what an error of theirs shows.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import { type } from 'arktype'
import * as v from 'valibot'
import * as z from 'zod'
import type { FieldLine } from '../../src/core/fields.ts'
import { describeIssues, type StandardSchema } from '../../src/core/standard-schema.ts'
import { DecodeError, ImproperConnectionState, type SchemaIssue } from '../../src/errors/index.ts'
import { answerWith } from '../support/layer-exchange.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { PieceBody } from '../support/piece-body.ts'
import { rejectionAs } from '../support/rejection.ts'

checkOpenHandles()

const JSON_TYPE: readonly FieldLine[] = [['Content-Type', 'application/json']]

interface User {
  readonly name: string
  readonly age: number
  readonly mail: string
}

const SCHEMAS: Record<string, StandardSchema<User>> = {
  zod: z.object({ name: z.string().min(2), age: z.number(), mail: z.email() }),
  valibot: v.object({
    name: v.pipe(v.string(), v.minLength(2)),
    age: v.number(),
    mail: v.pipe(v.string(), v.email()),
  }),
  arktype: type({ name: 'string >= 2', age: 'number', mail: 'string.email' }),
}

function jsonOf<T>(schema: StandardSchema<T>, value: unknown, text = JSON.stringify(value)): Promise<T> {
  return answerWith(new PieceBody([text]), { fields: JSON_TYPE }).json(schema)
}

const ADA: User = { name: 'Ada', age: 36, mail: 'ada@example.com' }

describe('json(schema)', () => {
  for (const [name, schema] of Object.entries(SCHEMAS)) {
    it(`gives what a schema of ${name} makes of the body, with its type`, async () => {
      const user: User = await jsonOf(schema, ADA)
      assert.deepEqual(user, ADA)
      const there = answerWith(new PieceBody([JSON.stringify(ADA)], { isThere: true }))
      assert.deepEqual(await there.json(schema), ADA)
    })

    it(`rejects with the issues of ${name}, and shows no value of the body [pain 23]`, async () => {
      const bad = { name: 'x', age: 'hunter2', mail: 'top-s3cr3t' }
      const error = await rejectionAs(jsonOf(schema, bad), DecodeError)
      assert.equal(error.code, 'SCHEMA_MISMATCH')
      assert.equal(error.issues.length, 3)
      assert.ok(error.issues.every(({ message }) => typeof message === 'string'))
      assert.match(error.message, /GET http:\/\/a\.test\/x/)
      for (const key of ['name', 'age', 'mail']) assert.match(error.message, new RegExp(`\\b${key}: `))
      assert.match(error.message, /number/)
      assert.doesNotMatch(error.message, /hunter2|s3cr3t/)
      assert.deepEqual(
        Object.keys(error).filter((key) => key === 'issues'),
        [],
      )
      // The first bytes of the body are on the error, as for a body that is no JSON.
      assert.match(error.bytes, /hunter2/)
      assert.doesNotMatch(inspect(error, { showHidden: true }) + JSON.stringify(error), /hunter2|s3cr3t/)
    })
  }

  it('takes what the schema transforms, with the type of its output', async () => {
    const dated = z.object({ at: z.string().transform((text) => new Date(text)) })
    const { at }: { at: Date } = await jsonOf(dated, { at: '2026-01-02T03:04:05Z' })
    assert.equal(at.getTime(), Date.UTC(2026, 0, 2, 3, 4, 5))
    const counted: number = await jsonOf(
      v.pipe(
        v.string(),
        v.transform((text) => text.length),
      ),
      'four',
    )
    assert.equal(counted, 4)
  })

  it('waits for a schema that takes its time', async () => {
    const slow = z.object({
      name: z.string().refine((name) => Promise.resolve(name === 'Ada'), 'is not Ada'),
    })
    assert.deepEqual(await jsonOf(slow, { name: 'Ada' }), { name: 'Ada' })
    const error = await rejectionAs(jsonOf(slow, { name: 'Eve' }), DecodeError)
    assert.match(error.message, /name: is not Ada/)
  })

  it('tells of a body that is no JSON before the schema is asked', async () => {
    const error = await rejectionAs(jsonOf(SCHEMAS['zod']!, undefined, '<p>'), DecodeError)
    assert.equal(error.code, 'NOT_JSON')
    assert.deepEqual(error.issues, [])
  })

  it('passes on what a schema throws', async () => {
    const thrown = new Error('of the schema')
    const schema: StandardSchema = {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: () => {
          throw thrown
        },
      },
    }
    await assert.rejects(jsonOf(schema, 1), (error) => error === thrown)
  })

  it('names a schema that gives no answer', async () => {
    for (const answer of [undefined, null, true]) {
      const validate = (): never => answer as never
      const schema: StandardSchema = { '~standard': { version: 1, vendor: 'test', validate } }
      await assert.rejects(jsonOf(schema, 1), {
        name: 'TypeError',
        message: `The schema given to json() gives a value or issues, not ${answer === true ? 'a boolean' : answer}`,
      })
    }
  })

  it('refuses what is no schema, and leaves the body to be read', async () => {
    for (const other of [
      null,
      1,
      'x',
      {},
      { '~standard': null },
      { '~standard': {} },
      { '~standard': { validate: 1 } },
    ]) {
      const response = answerWith(new PieceBody(['1']))
      await rejectionAs(response.json(other as never), TypeError)
      assert.equal(await response.json(), 1)
    }
  })

  it('is refused where the body was read before', async () => {
    const response = answerWith(new PieceBody(['1']))
    await response.json()
    const error = await rejectionAs(response.json(z.number()), ImproperConnectionState)
    assert.equal(error.code, 'BODY_ALREADY_READ')
  })
})

function issue(message: string, ...path: (PropertyKey | { key: PropertyKey })[]): SchemaIssue {
  return { message, path }
}

describe('describeIssues', () => {
  it('shows three issues with their places, and counts the others', () => {
    const issues = [issue('a'), issue('b', 'x', { key: 0 }), issue('c', 'y'), issue('d'), issue('e')]
    assert.equal(describeIssues(issues, {}), 'a; x.0: b; y: c; and 2 more')
    assert.equal(describeIssues([{ message: 'a' }], {}), 'a')
    assert.equal(describeIssues([], {}), 'it does not say what is wrong')
    assert.equal(describeIssues([issue('a', Symbol('s'))], {}), '...: a')
  })

  it('masks what stands in the body where it is quoted, and the value at the place anyhow', () => {
    const body = { pin: 123456, list: ['hunter2', { 'a key': 1 }], type: 'string', long: 'hunter2 and more' }
    assert.equal(describeIssues([issue('got 123456', 'pin')], body), 'pin: got ...')
    assert.equal(describeIssues([issue('got hunter2', 'list', 0)], body), 'list.0: got ...')
    assert.equal(
      describeIssues([issue('got "hunter2", \'hunter2\', `123456` and "x hunter2"')], body),
      'got "...", "...", "..." and "..."',
    )
    assert.equal(describeIssues([issue('key "a key"', 'list', 1, 'a key')], body), 'list.1....: key "..."')
    assert.equal(
      describeIssues([issue('expected "yes" or string', 'nowhere', 'x')], body),
      'nowhere.x: expected "yes" or string',
    )
    assert.equal(describeIssues([issue('a "x\\"y" b')], ['x\\"y']), 'a "..." b')
  })

  it('masks the value at the place in each form in which a message may have it', () => {
    const body = {
      quoted: 'hun"ter2',
      lines: 'hun\nter2',
      blank: ' hunter 2 ',
      list: [1, 'hunter2', 'hunter2a'],
    }
    const got = (key: keyof typeof body, text: string): string =>
      describeIssues([issue(`got ${text}`, key)], body)
    assert.equal(got('quoted', JSON.stringify(body.quoted)), 'quoted: got "..."')
    assert.equal(got('lines', 'hun\\nter2'), 'lines: got ...')
    assert.equal(got('blank', 'hunter 2'), 'blank: got ...')
    assert.equal(got('list', String(body.list)), 'list: got 1,...,...')
  })

  it('masks everything quoted where the body is too large to be looked through', () => {
    const body = Array.from({ length: 20_000 }, (_, index) => index)
    assert.equal(describeIssues([issue('got "yes"')], body), 'got "..."')
  })

  it('keeps to one line, and cuts long words', () => {
    assert.equal(describeIssues([issue('a\r\nb\u2028c')], {}), 'a  b c')
    assert.equal(describeIssues([issue('x'.repeat(1_000))], {}).length, 160)
  })
})

// Walks the names of Python 3.13's http.client and http.HTTPStatus, as `scripts/record-python-responses.py` has listed them, and
// finds each in `httplib-ts/python` with its kind, its arguments, its parents or its value.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import * as httplib from '../../src/python/index.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { repositoryPath } from '../support/repository.ts'

checkOpenHandles()

type Parameter = readonly [name: string, kind: string, byDefault: string | null]

interface RecordedClass {
  readonly parameters: readonly Parameter[]
  readonly methods: Readonly<Record<string, readonly Parameter[]>>
  readonly attributes: Readonly<Record<string, unknown>>
  readonly inherited: readonly string[]
}

const recording = JSON.parse(
  readFileSync(repositoryPath('test', 'python', 'recorded-names.json'), 'utf8'),
) as {
  readonly python: string
  readonly all: readonly string[]
  readonly classes: Readonly<Record<'HTTPConnection' | 'HTTPSConnection' | 'HTTPResponse', RecordedClass>>
  readonly exceptions: Readonly<Record<string, readonly string[]>>
  readonly statuses: Readonly<
    Record<
      string,
      readonly [value: number, name: string, phrase: string, description: string, kinds: readonly string[]]
    >
  >
  readonly responses: readonly (readonly [number, string])[]
  readonly ports: readonly number[]
}

/** Where an argument has another name here: `default` is a reserved word; the older manual has `request, selector`. */
const OUR_NAMES: Readonly<Record<string, string>> = {
  default: 'otherwise',
  'putrequest method': 'request',
  'putrequest url': 'selector',
  'putheader values': '...argument',
}

/** The parameters of a method, as they stand in its source. */
function parametersOf(method: (...values: never[]) => unknown, name: string): string[] {
  const source = method.toString()
  const start = source.search(new RegExp(`\\b${name}\\s*\\(`)) + name.length
  const inside = source.slice(source.indexOf('(', start) + 1, source.indexOf(') {', start))
  return inside.split(',').flatMap((parameter) => parameter.split('=')[0]!.trim() || [])
}

const { HTTPConnection, HTTPSConnection, HTTPResponse } = httplib
const OURS = { HTTPConnection, HTTPSConnection, HTTPResponse }

function prototypeOf(name: keyof typeof OURS): object {
  return OURS[name].prototype
}

const CLASSES = Object.keys(recording.classes) as (keyof typeof recording.classes)[]

describe(`the names of Python ${recording.python}`, () => {
  for (const name of recording.all) {
    it(`has ${name}`, () => assert.notEqual(Reflect.get(httplib, name), undefined))
  }

  for (const className of CLASSES) {
    const { methods, inherited, attributes } = recording.classes[className]
    for (const [name, expected] of Object.entries(methods)) {
      it(`has ${className}.${name} with its arguments`, () => {
        const method = Reflect.get(prototypeOf(className), name) as unknown
        assert.equal(typeof method, 'function')
        const positional = expected
          .filter(([, kind]) => kind !== 'KEYWORD_ONLY')
          .map(([argument]) => OUR_NAMES[`${name} ${argument}`] ?? OUR_NAMES[argument] ?? argument)
        const keywords = expected.some(([, kind]) => kind === 'KEYWORD_ONLY') ? ['keywords'] : []
        const ours = parametersOf(method as () => unknown, name).map((argument) => argument.replace(/^_/, ''))
        assert.deepEqual(ours, [...positional, ...keywords])
      })
    }
    for (const name of inherited) {
      it(`has ${className}.${name}, which Python inherits`, () => {
        assert.equal(typeof Reflect.get(prototypeOf(className), name), 'function')
      })
    }
    for (const [name, value] of Object.entries(attributes)) {
      it(`has ${className}.${name}`, () => {
        if (value !== 'property') assert.equal(Reflect.get(OURS[className], name), value)
        assert.ok(name in prototypeOf(className))
      })
    }
  }

  it('has the attributes of a connection', () => {
    for (const conn of [new httplib.HTTPConnection('h'), new httplib.HTTPSConnection('h')]) {
      const { timeout, source_address, blocksize, max_response_headers, sock, host, port } = conn
      assert.deepEqual(
        { timeout, source_address, blocksize, max_response_headers, sock, host, port },
        {
          timeout: undefined,
          source_address: null,
          blocksize: 8192,
          max_response_headers: null,
          sock: null,
          host: 'h',
          port: conn.default_port,
        },
      )
    }
  })

  it('has the keyword arguments of the constructors', () => {
    const given = { timeout: 1.5, source_address: ['127.0.0.1', 0], blocksize: 10 } as const
    assert.deepEqual(
      [recording.classes.HTTPConnection, recording.classes.HTTPSConnection].map(({ parameters }) =>
        parameters.map(([name]) => name).filter((name) => !(name in given)),
      ),
      [
        ['host', 'port'],
        ['host', 'port', 'context'],
      ],
    )
    for (const conn of [
      new httplib.HTTPConnection('h', 80, given),
      new httplib.HTTPSConnection('h', 443, { ...given, context: {} }),
    ]) {
      const { timeout, source_address, blocksize } = conn
      assert.deepEqual({ timeout, source_address, blocksize }, given)
    }
  })
})

describe('the exceptions of http.client', () => {
  for (const [name, parents] of Object.entries(recording.exceptions)) {
    it(`has ${name}, a kind of ${parents.join(', ')}`, () => {
      const found = Reflect.get(httplib, name) as typeof Error
      assert.equal(typeof found, 'function')
      for (const parent of parents) {
        if (parent === 'Exception' || parent === 'BaseException') continue
        const error = Object.create(found.prototype) as Error
        assert.ok(error instanceof (Reflect.get(httplib, parent) as typeof Error), parent)
      }
    })
  }
})

describe('http.HTTPStatus', () => {
  for (const [constant, [value, name, phrase, description, kinds]] of Object.entries(recording.statuses)) {
    it(`has ${constant}, ${value}, and the module has it as a number`, () => {
      const member = Reflect.get(httplib.HTTPStatus, constant) as httplib.HTTPStatus
      assert.ok(member instanceof httplib.HTTPStatus)
      const { is_informational, is_success, is_redirection, is_client_error, is_server_error } = member
      const ours = { is_informational, is_success, is_redirection, is_client_error, is_server_error }
      assert.deepEqual(
        [member.value, member.name, member.phrase, member.description],
        [value, name, phrase, description],
      )
      assert.deepEqual(
        Object.entries(ours).flatMap(([kind, is]) => (is ? kind : [])),
        kinds,
      )
      assert.equal(new httplib.HTTPStatus(value), member)
      assert.equal(Reflect.get(httplib, constant), value)
    })
  }

  it('compares as a number, and is written as one', () => {
    const status = httplib.HTTPStatus.NOT_FOUND
    // oxlint-disable-next-line eqeqeq -- that is what is looked at
    assert.ok((status as unknown) == 404)
    assert.ok(Number(status) < 500)
    assert.equal(String(status), '404')
    assert.equal(JSON.stringify({ status }), '{"status":404}')
    assert.equal(httplib.responses[status as unknown as number], 'Not Found')
    assert.ok(Object.isFrozen(status))
  })

  it('gives its members in order, each once', () => {
    const values = [...httplib.HTTPStatus].map(({ value }) => value)
    assert.deepEqual(values, [...new Set(Object.values(recording.statuses).map(([value]) => value))])
  })

  it('has no member for a number that is no status code of Python', () => {
    for (const value of [0, 299, 600, Number.NaN])
      assert.throws(() => new httplib.HTTPStatus(value), TypeError)
  })
})

describe("today's phrases", () => {
  for (const [code, phrase] of recording.responses) {
    it(`has "${phrase}" for ${code}`, () => assert.equal(httplib.responses[code], phrase))
  }
})

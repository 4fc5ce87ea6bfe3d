// Walks the table of the old manual's names, and finds each in `httplib-ts/python` with its kind, its arguments and their defaults,
// its parent or its value.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as httplib from '../../src/python/index.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { MESSAGE_METHODS, OLD_CLASSES, OLD_CONSTANTS, OLD_EXCEPTIONS, type OldArgument } from './old-names.ts'

checkOpenHandles()

type AnyFunction = (...values: unknown[]) => unknown
type AnyClass = AnyFunction & { readonly prototype: object }

/** What `key` of the module, or of a prototype, is; for a getter, its descriptor. */
function find(owner: object, key: string): unknown {
  for (let at: object | null = owner; at !== null; at = Object.getPrototypeOf(at) as object | null) {
    const found = Object.getOwnPropertyDescriptor(at, key)
    if (found !== undefined) return 'get' in found ? found : (found.value as unknown)
  }
  return undefined
}

/** The parameters of a function or constructor, as they stand in its source: names, and defaults where there are any. */
function parametersOf(callable: AnyFunction, name: string): { name: string; byDefault?: string }[] {
  const source = callable.toString()
  const start = source.indexOf('(', source.search(new RegExp(`\\b${name}\\s*\\(`)))
  let depth = 0
  let end = start
  do {
    if ('({['.includes(source[end]!)) depth++
    if (')}]'.includes(source[end]!)) depth--
    end++
  } while (depth > 0)
  // Types that were stripped, of a test that runs unbuilt, leave blanks and the comma of the last line.
  const inside = source
    .slice(start + 1, end - 1)
    .trim()
    .replace(/,$/, '')
  if (inside === '') return []
  return inside.split(',').map((parameter) => {
    const [parameterName, byDefault] = parameter.split('=').map((part) => part.trim())
    return byDefault === undefined ? { name: parameterName! } : { name: parameterName!, byDefault }
  })
}

/** Every argument of the old manual is there, in its place, under its name; what is added behind has a default. */
function assertArguments(callable: AnyFunction, name: string, expected: readonly OldArgument[]): void {
  const actual = parametersOf(callable, name)
  for (const [index, argument] of expected.entries()) {
    const [argumentName, byDefault] = typeof argument === 'string' ? [argument] : argument
    const found = actual[index]
    assert.equal(found?.name, argumentName, `argument ${index} of ${name}`)
    if (typeof argument === 'string') assert.equal(found?.byDefault, undefined, `${name}: ${argumentName}`)
    else if (byDefault === undefined) assert.notEqual(found?.byDefault, undefined, `${name}: ${argumentName}`)
    else
      assert.equal(
        found?.byDefault?.replaceAll("'", '"'),
        JSON.stringify(byDefault),
        `${name}: ${argumentName}`,
      )
  }
  for (const added of actual.slice(expected.length)) {
    assert.notEqual(
      added.byDefault,
      undefined,
      `${name}: ${added.name} is not in the old manual and has no default`,
    )
  }
}

function isClass(value: unknown): value is AnyClass {
  return typeof value === 'function' && value.toString().startsWith('class')
}

describe('the classes of the old manual', () => {
  for (const oldClass of OLD_CLASSES) {
    const found = find(httplib, oldClass.name)
    it(`has ${oldClass.name} with its arguments`, () => {
      assert.ok(isClass(found))
      assertArguments(found, 'constructor', oldClass.arguments)
      if (oldClass.parent !== undefined) {
        assert.equal(Object.getPrototypeOf(found), find(httplib, oldClass.parent))
      }
    })
    for (const [method, expected] of Object.entries(oldClass.methods)) {
      it(`has ${oldClass.name}.${method} with its arguments`, () => {
        const callable = find((found as AnyClass).prototype, method)
        assert.equal(typeof callable, 'function')
        assertArguments(callable as AnyFunction, method, expected)
      })
    }
    for (const attribute of oldClass.attributes) {
      it(`has ${oldClass.name}.${attribute}`, () => {
        const source = (found as AnyClass).toString()
        const isField = new RegExp(`^\\s+${attribute}\\s*[=;]`, 'm').test(source)
        assert.ok(isField || find((found as AnyClass).prototype, attribute) !== undefined)
      })
    }
  }

  it('has HTTPS with the arguments of HTTPSConnection', () => {
    assert.equal(Object.getPrototypeOf(httplib.HTTPS), httplib.HTTP)
    assertArguments(httplib.HTTPS as unknown as AnyFunction, 'constructor', [
      ['host', ''],
      ['port', null],
      ['key_file', null],
      ['cert_file', null],
      ['strict', null],
    ])
  })
})

describe('the exceptions of the old manual', () => {
  for (const [name, parentName] of Object.entries(OLD_EXCEPTIONS)) {
    it(`has ${name}, a subclass of ${parentName}`, () => {
      const found = find(httplib, name)
      const parent = parentName === 'Error' ? Error : find(httplib, parentName)
      assert.ok(isClass(found))
      assert.ok(found.prototype instanceof (parent as AnyClass))
      assert.equal((found.prototype as Error).name, name)
    })
  }

  it('has error, another name of HTTPException', () => {
    assert.equal(httplib.error, httplib.HTTPException)
  })
})

describe('the constants of the old manual', () => {
  it('are all there', () => assert.equal(Object.keys(OLD_CONSTANTS).length, 51))

  for (const [name, value] of Object.entries(OLD_CONSTANTS)) {
    it(`has ${name}, ${value}`, () => assert.equal(find(httplib, name), value))
  }

  it("has responses, a table: responses[NOT_FOUND] is 'Not Found'", () => {
    assert.equal(httplib.responses[httplib.NOT_FOUND], 'Not Found')
  })

  it('has a phrase for every status constant', () => {
    for (const [name, value] of Object.entries(OLD_CONSTANTS)) {
      if (!name.endsWith('_PORT')) assert.equal(typeof httplib.responses[value], 'string', name)
    }
  })
})

describe('the methods of msg', () => {
  for (const [method, expected] of Object.entries(MESSAGE_METHODS)) {
    it(`has ${method} with its arguments`, () => {
      const callable = find(httplib.HTTPMessage.prototype, method)
      assert.equal(typeof callable, 'function')
      assertArguments(callable as AnyFunction, method, expected)
    })
  }
})

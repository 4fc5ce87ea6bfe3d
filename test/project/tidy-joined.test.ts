// What is taken out of the joined files, and that nothing is taken that means something else.

import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { pathToFileURL } from 'node:url'
import { checkOpenHandles } from '../support/open-handles.ts'
import { repositoryPath } from '../support/repository.ts'

checkOpenHandles()

const CLASS = 'var X = class _X { static { __name(this, "X"); } static f() { return _X; } };\n'

describe('a joined file', () => {
  let tidy: (text: string) => string
  before(async () => {
    const module: unknown = await import(pathToFileURL(repositoryPath('scripts', 'tidy-joined.mjs')).href)
    tidy = (module as { tidyJoined: typeof tidy }).tidyJoined
  })

  it('does what it did, without notes of names', async () => {
    const note = 'const __name = (target, value) => { noted.push(value); return target };\n'
    const text = [
      'import "./nothing.js";',
      'function parse() { return 1; }',
      '__name(parse, "parse");',
      '/** A comment. */',
      'const later = /* @__PURE__ */ __name(() => "`/** kept */`", "later");',
      'var HTTPConnection2 = class { static { __name(this, "HTTPConnection"); } };',
      CLASS,
    ].join('\n')
    const tidied = tidy(text)
    assert.doesNotMatch(tidied, /nothing\.js|A comment|_X/)
    const end = 'export const found = [parse(), later(), later.name, X.name, X.f() === X];'
    const code = encodeURIComponent(`export const noted = [];${note}${tidied}${end}`)
    const module: unknown = await import(`data:text/javascript,${code}`)
    const { noted, found } = module as {
      readonly noted: readonly string[]
      readonly found: readonly unknown[]
    }
    assert.deepEqual(noted, ['HTTPConnection'])
    assert.deepEqual(found, [1, '`/** kept */`', 'later', 'X', true])
  })

  for (const [what, text] of Object.entries({
    'a key': 'const o = { _X: 1 };',
    'a member': 'o._X;',
    'a parameter': 'function g(_X) { return _X; }',
    'a parameter that hides the class':
      'var Y = class _Y { static { __name(this, "Y"); } static f(Y) { return [Y, _Y]; } };',
  }))
    it(`is not made where the name of a class is also ${what}`, () => {
      assert.throws(() => tidy(CLASS + text), /for more than a class/)
    })
})

// No test is skipped quietly: what a test lacks is said by `support/need.ts`, and counted at the end of a run.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { need, needBuild, unless } from '../support/need.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { repositoryPath } from '../support/repository.ts'

checkOpenHandles()

const FILES = readdirSync(repositoryPath('test'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => [name, readFileSync(repositoryPath('test', name), 'utf8')] as const)

/** What gives a reason: the helpers, and a name for what one of them gave. */
const REASONS = /^(?:need|needBuild|unless|notInstalled)\(|^no[A-Z]\w*\b/

describe('a test that is skipped', () => {
  it('is skipped by the option skip, with a reason of the helpers', () => {
    for (const [name, text] of FILES) {
      assert.doesNotMatch(text, /\b(?:it|test|t|describe)\.(?:skip|todo|only)\(/, name)
      for (const [, value = ''] of text.matchAll(/[{\s]skip(?::| =) (?!\{)(.*)/g))
        assert.match(value, REASONS, `${name} skips by ${value}`)
    }
  })

  it('says what is not there', () => {
    assert.equal(need('sh'), false)
    assert.equal(need('no-such-program'), 'there is no no-such-program on this machine')
    assert.equal(unless(true, 'x'), false)
    assert.equal(unless(false, 'x'), 'x')
    const here = import.meta.filename.endsWith('.ts')
    assert.equal(needBuild(import.meta) === false, !here)
  })
})

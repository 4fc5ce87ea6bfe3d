// The pages that speak of others: the index has every page, and the table of pains names tests that are there.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { checkOpenHandles } from '../support/open-handles.ts'
import { repositoryPath } from '../support/repository.ts'

checkOpenHandles()

const PAINS = 51
/** What does not exist in this version: rows that name no test. */
const NOT_YET: readonly number[] = []

const read = (file: string): string => readFileSync(repositoryPath(file), 'utf8')

describe('the table of pains', () => {
  const rows = [...read('docs/pains.md').matchAll(/^\| (\d+) \| (.+) \| (.+) \|(?: (.+))? \|$/gm)].map(
    ([, number, elsewhere = '', here = '', tests = '']) => ({
      number: Number(number),
      elsewhere,
      here,
      tests,
    }),
  )

  it('has a row for each of them, in order, with what happens elsewhere and here', () => {
    assert.deepEqual(
      rows.map(({ number }) => number),
      Array.from({ length: PAINS }, (_, i) => i + 1),
    )
    for (const { elsewhere, here } of rows) assert.ok(elsewhere.length > 10 && here.length > 5)
  })

  it('says of each that has no test that the feature does not exist yet', () => {
    const without = rows.filter(({ tests }) => tests.trim() === '')
    assert.deepEqual(
      without.map(({ number }) => number),
      NOT_YET,
    )
    for (const { here } of without) assert.match(here, /^Not yet/)
  })

  for (const { number, tests } of rows) {
    if (NOT_YET.includes(number)) continue
    it(`names tests of ${number} that are there, by their titles`, () => {
      const named = [...tests.matchAll(/`(test\/[\w/.-]+)` "([^"]+)"/g)]
      assert.ok(named.length > 0)
      for (const [, file = '', title = ''] of named) {
        const quoted = ["'", '`', '"'].map((quote) => `${quote}${title}${quote}`)
        const text = read(file)
        assert.ok(
          quoted.some((one) => text.includes(one)),
          `${file} has no test "${title}"`,
        )
      }
    })
  }
})

describe('the index of the pages', () => {
  const index = read('docs/README.md')
  const pages = readdirSync(repositoryPath('docs'), { recursive: true, encoding: 'utf8' })
    .map((name) => name.split(path.sep).join('/'))
    .filter((name) => name.endsWith('.md') && name !== 'README.md')

  for (const page of pages) {
    // The decisions have an index of their own.
    if (page.startsWith('decisions/') && page !== 'decisions/README.md') continue
    it(`has a line for ${page}`, () => {
      const lines = index.split('\n').filter((line) => line.startsWith(`- [`) && line.includes(`](${page})`))
      assert.equal(lines.length, 1)
    })
  }

  it('is linked from the README', () => {
    assert.match(read('README.md'), /\]\(docs\/README\.md\)/)
  })
})

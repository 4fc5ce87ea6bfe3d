// A bounded part of what `npm run cookies` does: the same responses for curl's jar and for that of this package.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { CookieJar as ToughJar } from 'tough-cookie'
import { unless } from '../../support/need.ts'
import { checkOpenHandles } from '../../support/open-handles.ts'
import { repositoryPath } from '../../support/repository.ts'
import { compareCookies, type Disagreement, KNOWN_DIFFERENCES, showDisagreement } from './compare.ts'
import { askCurl, curlVersion } from './curl-jar.ts'
import { playScene } from './hsts-model.ts'
import { askOurs } from './our-jar.ts'
import { makeSequences, type Sequence } from './sequences.ts'

checkOpenHandles()

/** What the table of differences was made with. */
const KNOWN_VERSION = '7.88.1'
const SEQUENCES = 120

const version = curlVersion()
const skip = unless(
  version === KNOWN_VERSION,
  `the jar of curl ${KNOWN_VERSION} is not here, but ${version ?? 'none with public suffixes'}`,
)

describe('the jar of curl and that of this package', { skip }, () => {
  const sequences = makeSequences(20_261, SEQUENCES)
  let curls: (string | undefined)[][] = []

  async function compare(
    ask: (sequence: Sequence) => Promise<(string | undefined)[]>,
  ): Promise<Disagreement[]> {
    const found: Disagreement[] = []
    for (const [i, sequence] of sequences.entries())
      found.push(...compareCookies(sequence, await ask(sequence), curls[i]!))
    return found.filter(({ known }) => known === undefined)
  }

  it('send the same cookies, or differ in a way that is known', async () => {
    curls = await askCurl(sequences)
    const sent = curls.flat().filter((field) => field !== undefined)
    assert.ok(sent.length > SEQUENCES)
    assert.deepEqual((await compare((sequence) => askOurs(sequence))).map(showDisagreement), [])
  })

  it('are told apart where a jar does something else', async () => {
    // tough-cookie's own compares decoded paths, and lets a cookie in the clear hide a secure one.
    const found = await compare((sequence) => askOurs(sequence, new ToughJar()))
    assert.ok(found.length > 0)
  })
})

describe('HSTS', () => {
  it('sends requests where the model of RFC 6797 sends them', async () => {
    for (let i = 0; i < 300; i++) {
      const { went, expected } = await playScene(20_261, i)
      assert.deepEqual(went, expected, `scene ${i}`)
    }
  })
})

describe('docs/cookies.md', () => {
  it('has the table of what curl does in another way', () => {
    const page = readFileSync(repositoryPath('docs', 'cookies.md'), 'utf8')
    const missing = KNOWN_DIFFERENCES.filter(
      ({ id, ours, curls }) => !page.includes(`| ${id} | ${ours} | ${curls} |`),
    )
    assert.deepEqual(
      missing.map(({ id, ours, curls }) => `| ${id} | ${ours} | ${curls} |`),
      [],
    )
  })
})

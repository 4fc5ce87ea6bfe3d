// The command of the comparison with curl's jar: `npm run cookies -- --help`.

import { readTool } from '../../support/tool-options.ts'
import { compareCookies, KNOWN_DIFFERENCES, showDisagreement } from './compare.ts'
import { askCurl, curlVersion } from './curl-jar.ts'
import { askOurs } from './our-jar.ts'
import { makeSequences } from './sequences.ts'

const MAX_SHOWN = 20

const USAGE = `npm run cookies -- [options]

Gives curl's jar and that of this package the same sequences of responses, and prints where they send different cookies and no
row of the table explains it.`

const { values } = readTool(USAGE, {
  sequences: { takes: 'number', default: 2_000, help: 'how many' },
  seed: { takes: 'number', default: 1, help: 'what they are made from' },
})

const version = curlVersion()
if (version === undefined) {
  console.error('SKIPPED: there is no curl with a list of public suffixes')
} else {
  const sequences = makeSequences(values.seed, values.sequences)
  const curls = await askCurl(sequences)
  const found = []
  for (const [i, sequence] of sequences.entries())
    found.push(...compareCookies(sequence, await askOurs(sequence), curls[i]!))
  const unexplained = found.filter(({ known }) => known === undefined)
  for (const one of unexplained.slice(0, MAX_SHOWN)) console.log(showDisagreement(one))
  for (const { id } of KNOWN_DIFFERENCES)
    console.log(`${id}: ${found.filter(({ known }) => known?.id === id).length}`)
  const steps = sequences.reduce((sum, one) => sum + one.steps.length, 0)
  console.log(
    `curl ${version}: ${sequences.length} sequences of ${steps} requests, ${found.length} differ, ${unexplained.length} unexplained`,
  )
  if (unexplained.length > 0) process.exitCode = 1
}

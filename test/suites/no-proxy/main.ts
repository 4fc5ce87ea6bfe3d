// The command: `npm run no-proxy -- --help`.

import { readTool } from '../../support/tool-options.ts'
import { findCurl } from './curl.ts'
import { DIFFERENCES } from './differences.ts'
import { compareWithCurl } from './run.ts'

const USAGE = `npm run no-proxy -- [options]

Asks curl which generated URLs it reaches directly for which list, and compares that with what is decided here.`

const { values } = readTool(USAGE, {
  cases: { takes: 'number', default: 2_000, help: 'how many' },
  seed: { takes: 'number', default: 1, help: 'what they are made from' },
})

const version = findCurl()
if (version === undefined) {
  console.error('SKIPPED: NO_PROXY beside curl: there is no curl')
} else {
  const { compared, refused, direct, explained, unexplained } = await compareWithCurl(
    values.seed,
    values.cases,
  )
  console.log(
    `curl ${version}: ${compared} cases, each twice; ${direct} directly, ${refused} that curl does not take, ${unexplained.length} unexplained`,
  )
  for (const { id, why } of DIFFERENCES) console.log(`${explained.get(id) ?? 0} × ${id}: ${why}`)
  for (const { list, url, ours, curls } of unexplained)
    console.log(`'${list}' ${url}: directly here ${ours}, with curl ${curls}`)
  if (unexplained.length > 0) process.exitCode = 1
}

// One hunt, in a thread of its own so that it loads the faulty files: cookies against curl's jar, HSTS against its model.

import { answerHunt, type Catch } from '../../../support/fault-hunt.ts'
import { compareCookies } from '../compare.ts'
import { askCurl } from '../curl-jar.ts'
import { playScene } from '../hsts-model.ts'
import { askOurs } from '../our-jar.ts'
import { makeSequences } from '../sequences.ts'

const SEED = 1

await answerHunt(async (within): Promise<Catch> => {
  const sequences = makeSequences(SEED, within)
  const curls = await askCurl(sequences)
  for (const [i, sequence] of sequences.entries()) {
    const { went, expected } = await playScene(SEED, i)
    if (went.join() !== expected.join()) return { tryNumber: i + 1, rule: 'hsts' }
    const found = compareCookies(sequence, await askOurs(sequence), curls[i]!)
    if (found.some(({ known }) => known === undefined)) return { tryNumber: i + 1, rule: 'cookies' }
  }
  return { tryNumber: undefined, rule: 'none' }
})

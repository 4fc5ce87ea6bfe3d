/** The gate: fails where a figure is missed by more than the noise of the run itself. Pure but for what it tells. */

import { outcomes, type Results } from './results.ts'

/** True where every figure that could be measured holds. One whose sides did run and failed is missed, too. */
export function judgeGate(results: Results, tell: (line: string) => void): boolean {
  const judged = outcomes(results)
  const missed = judged.filter(
    ({ verdict, note }) =>
      verdict === 'missed' || verdict === 'too noisy' || (verdict === 'not measured' && note !== undefined),
  )
  const unmeasured = judged.filter(({ verdict, note }) => verdict === 'not measured' && note === undefined)
  for (const { figure } of unmeasured)
    tell(`gate: not measured, nobody of that name runs yet: ${figure.title}`)
  for (const { figure, verdict, ratio, noise, note } of missed) {
    const bound = figure.atLeast === undefined ? `at most ${figure.atMost}` : `at least ${figure.atLeast}`
    const why = note === undefined ? '' : ` (${note})`
    tell(
      `gate: ${verdict.toUpperCase()}: ${figure.title}: ${ratio.toFixed(2)}, must be ${bound}, noise ${(noise * 100).toFixed(1)} %${why}`,
    )
  }
  const held = judged.length - missed.length - unmeasured.length
  tell(`gate: ${held} figures hold, ${missed.length} missed, ${unmeasured.length} not measured`)
  return missed.length === 0 && held > 0
}

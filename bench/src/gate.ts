/**
 * The gate: fails where the floor of a figure is missed by more than the noise of the run itself, and tells how far the goals
 * are. Pure but for what it tells.
 */

import { QUANTITIES, shareOfGoal } from './figures.ts'
import { outcomes, type Results } from './results.ts'

/** True where every floor that could be measured holds. One whose sides did run and failed is missed, too. */
export function judgeGate(results: Results, tell: (line: string) => void): boolean {
  const judged = outcomes(results)
  const missed = judged.filter(
    ({ verdict, note }) =>
      verdict === 'missed' || verdict === 'too noisy' || (verdict === 'not measured' && note !== undefined),
  )
  const unmeasured = judged.filter(({ verdict, note }) => verdict === 'not measured' && note === undefined)
  for (const { figure } of unmeasured) tell(`gate: not measured, as one side does not run: ${figure.title}`)
  for (const { figure, verdict, ratio, noise, note } of missed) {
    const bound = `at ${QUANTITIES[figure.quantity].isMoreBetter ? 'least' : 'most'} ${figure.floor}`
    const why = note === undefined ? '' : ` (${note})`
    tell(
      `gate: ${verdict.toUpperCase()}: ${figure.title}: ${ratio.toFixed(2)}, must be ${bound}, noise ${(noise * 100).toFixed(1)} %${why}`,
    )
  }
  const atGoal = judged.filter(({ figure, ratio }) => shareOfGoal(figure, ratio) >= 1)
  const onTheWay = judged.filter(({ figure, ratio }) => shareOfGoal(figure, ratio) < 1)
  for (const { figure, ratio } of onTheWay) {
    const share = Math.floor(100 * shareOfGoal(figure, ratio))
    tell(`gate: goal: ${figure.title}: ${ratio.toFixed(2)} of ${figure.goal}, ${share} % of the way`)
  }
  const held = judged.length - missed.length - unmeasured.length
  tell(`gate: ${held} floors hold, ${missed.length} missed, ${unmeasured.length} not measured`)
  tell(`gate: ${atGoal.length} goals reached of ${judged.length}`)
  return missed.length === 0 && held > 0
}

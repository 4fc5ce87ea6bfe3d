// Cuts a schedule down to what a violation needs: choices are replaced by 0, the plain thing, many at once and then one by
// one, and those that are left are made smaller. A shorter schedule that breaks the same rule takes the place of the last.

import { PARTS, type Part, type Schedule } from './choices.ts'
import type { Run } from './run.ts'

/** How many runs one minimisation may cost. */
const MAX_RUNS = 3_000

/** The simplest schedule found that breaks the same rule. */
export async function minimise(run: Run, seed: number, schedule: Schedule, rule: string): Promise<Schedule> {
  let best = schedule
  let runs = 0
  const attempt = async (part: Part, choices: number[]): Promise<boolean> => {
    if (runs >= MAX_RUNS) return false
    runs++
    const candidate: Schedule = { ...best, [part]: choices }
    const result = await run(seed, { schedule: candidate })
    if (result.violation?.rule !== rule) return false
    // What was played, which may be less than what was given.
    if (weightOf(result.schedule) > weightOf(best)) return false
    best = result.schedule
    return true
  }
  while (true) {
    const before = weightOf(best)
    for (const part of PARTS) await minimisePart(part, () => best[part], attempt)
    if (weightOf(best) >= before) return best
  }
}

async function minimisePart(
  part: Part,
  current: () => readonly number[],
  attempt: (part: Part, choices: number[]) => Promise<boolean>,
): Promise<void> {
  // Without the end, by halves.
  for (let keep = current().length >> 1; keep < current().length; ) {
    if (!(await attempt(part, current().slice(0, keep)))) keep += Math.max(1, (current().length - keep) >> 1)
  }
  // Without a stretch, then with its choices plain, ever shorter.
  for (let length = current().length >> 1; length > 0; length >>= 1) {
    for (let at = 0; at < current().length; at += length) {
      const choices = current()
      const without = [...choices.slice(0, at), ...choices.slice(at + length)]
      if (length <= 4 && (await attempt(part, without))) continue
      if (choices.slice(at, at + length).every((choice) => choice === 0)) continue
      await attempt(part, [
        ...choices.slice(0, at),
        ...Array<number>(length).fill(0),
        ...choices.slice(at + length),
      ])
    }
  }
  // Each choice smaller.
  for (let at = 0; at < current().length; at++) {
    for (const smaller of [0, 1, (current()[at] ?? 0) >> 1, (current()[at] ?? 0) - 1]) {
      const choices = [...current()]
      if (smaller < 0 || smaller >= (choices[at] ?? 0)) continue
      choices[at] = smaller
      if (await attempt(part, choices)) break
    }
  }
}

/** Longer is heavier, and so is a choice that is not plain. */
function weightOf(schedule: Schedule): number {
  let weight = 0
  for (const part of PARTS) {
    for (const choice of schedule[part]) weight += choice === 0 ? 1 : 4 + Math.min(choice, 200) / 200
  }
  return weight
}

/** What a mistyped name was meant to be. */

/** The one of `names` that is a slip of the fingers away: two for a name of five letters or more. */
export function nearestName(written: string, names: Iterable<string>): string | undefined {
  const most = written.length < 5 ? 1 : 2
  let best: { name: string; distance: number } | undefined
  for (const name of names) {
    // Of short names, one letter may be all that is the same.
    if (written.length < 5 && written[0] !== name[0]) continue
    const distance = distanceBetween(written, name)
    if (distance <= most && (best === undefined || distance < best.distance)) best = { name, distance }
  }
  return best?.name
}

/** Insertions, deletions, replacements and swaps of neighbours. */
export function distanceBetween(a: string, b: string): number {
  let before: number[] = []
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const current = [i]
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1
      let least = Math.min(previous[j]! + 1, current[j - 1]! + 1, previous[j - 1]! + cost)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        least = Math.min(least, before[j - 2]! + 1)
      current.push(least)
    }
    before = previous
    previous = current
  }
  return previous[b.length]!
}

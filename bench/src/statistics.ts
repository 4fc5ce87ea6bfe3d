/**
 * What a few rounds say: medians, spread, ratios, and whether a ratio is missed by more than the noise of the run itself.
 * Pure: numbers in, numbers out.
 */

/** The value below which `share` of the values lie, interpolated between neighbours; NaN of nothing. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  if (sorted.length === 0) return Number.NaN
  const at = (sorted.length - 1) * share
  const below = sorted[Math.floor(at)]!
  const above = sorted[Math.ceil(at)]!
  return below + (above - below) * (at - Math.floor(at))
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5)
}

/** How far apart the middle half of the values lies, as a share of the median: 0.04 is 4 %. */
export function spread(values: readonly number[]): number {
  const middle = median(values)
  return middle === 0 ? 0 : (percentile(values, 0.75) - percentile(values, 0.25)) / middle
}

/** The ratio of each round: interleaved rounds of the same number ran next to each other in time. */
export function roundRatios(subject: readonly number[], over: readonly number[]): number[] {
  const length = Math.min(subject.length, over.length)
  return Array.from({ length }, (_, round) => subject[round]! / over[round]!)
}

/**
 * The noise of a run, as a share: how far a contender is from itself, measured by two processes of it whose ratio should
 * be 1 in each round. The larger of how far the median is off and half of what the middle half of the rounds spans.
 */
export function noiseOf(selfRatios: readonly number[]): number {
  if (selfRatios.length === 0) return 0
  const off = Math.abs(median(selfRatios) - 1)
  const half = (percentile(selfRatios, 0.75) - percentile(selfRatios, 0.25)) / 2
  return Math.max(off, half)
}

/** A ratio that must be reached: a lower or an upper bound. */
export interface Bound {
  readonly atLeast?: number
  readonly atMost?: number
}

export type Verdict = 'reached' | 'within noise' | 'missed' | 'too noisy'

/** A run that is less sure of itself than this says nothing about a ratio that it did not reach. */
export const MAX_NOISE = 0.15

/**
 * Judges a ratio: `within noise` where it is not reached and the noise of the run could be the reason, `too noisy` where
 * that noise would excuse anything.
 */
export function judge(ratio: number, bound: Bound, noise: number): Verdict {
  const { atLeast = Number.NEGATIVE_INFINITY, atMost = Number.POSITIVE_INFINITY } = bound
  if (ratio >= atLeast && ratio <= atMost) return 'reached'
  const isAllowed = ratio >= atLeast * (1 - noise) && ratio <= atMost * (1 + noise)
  if (!isAllowed) return 'missed'
  return noise > MAX_NOISE ? 'too noisy' : 'within noise'
}

/**
 * How a cost grows between two points: the exponent e in cost ~ work^e. 1 is linear, 0 constant, above 1 grows faster
 * than its work.
 */
export function growthExponent(from: readonly [number, number], to: readonly [number, number]): number {
  return Math.log(to[1] / from[1]) / Math.log(to[0] / from[0])
}

/** How much the cost of a unit of work may rise above its least before that is a knee. */
const KNEE = 1.5

/**
 * The first point, in the order of growing work, at which a unit of work costs clearly more than it did at best before;
 * undefined where there is none. Points are pairs of work and cost.
 */
export function findKnee(points: readonly (readonly [work: number, cost: number])[]): number | undefined {
  let least = Number.POSITIVE_INFINITY
  for (const [index, [work, cost]] of points.entries()) {
    if (cost / work > least * KNEE) return index
    least = Math.min(least, cost / work)
  }
  return undefined
}

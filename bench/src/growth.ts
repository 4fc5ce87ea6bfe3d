/** How cost grows: the processor time of a request at each size of each axis, one process for each point. */

import type { Origin } from './origin.ts'
import type { GrowthForm } from './plan.ts'
import { cpuOf, type GrowthPoint } from './results.ts'
import { measureWorkload } from './rounds.ts'
import { spread } from './statistics.ts'
import { GROWTH, type GrowthSeries, MiB } from './workloads.ts'

/** Bodies from here on are one transfer a round. */
const TRANSFER_BYTES = 16 * MiB

export async function measureGrowth(
  form: GrowthForm,
  origin: Origin,
  tell: (line: string) => void,
): Promise<GrowthPoint[]> {
  const points: GrowthPoint[] = []
  for (const series of GROWTH) {
    for (const size of sizesOf(series, form)) {
      const plain = series.at(size)
      const isTransfer = plain.response.bodyBytes >= TRANSFER_BYTES
      const workload = isTransfer ? { ...plain, kind: 'transfer' as const } : plain
      const plan = {
        ...form,
        contenders: contendersOf(series, form),
        launches: 1,
        idleRounds: 0,
        coldRounds: 0,
        withLatency: false,
        allocations: [],
      }
      for (const measured of await measureWorkload(workload, plan, origin)) {
        if (measured.rounds.length === 0) continue
        const cpuMicros = cpuOf(measured)
        const varies = spread(measured.rounds.map((round) => round.cpuMicros))
        const { contender, version } = measured
        points.push({ series: series.id, size, contender, version, cpuMicros, spread: varies })
      }
      const last = points.filter((point) => point.series === series.id && point.size === size)
      tell(
        `${series.id} ${size}: ${last.map(({ contender, cpuMicros }) => `${contender} ${cpuMicros.toFixed(1)} us`).join(', ')}`,
      )
    }
  }
  return points
}

function sizesOf({ id, sizes }: GrowthSeries, { maxBytes, maxCount }: GrowthForm): number[] {
  return sizes.filter((size) => size <= (id === 'body' || id === 'chunks' ? maxBytes : maxCount))
}

/** A body piece by piece is at its cheapest by `readInto`: shown beside iteration. */
function contendersOf({ id }: GrowthSeries, { contenders }: GrowthForm): string[] {
  return id === 'body' || id === 'chunks' ? [...contenders, 'connection-into'] : [...contenders]
}

// A connection behind a switch of protocols: the other side echoes what is written. Every byte comes back once and in
// order, as far as the network lets it.

import type { Duplex } from 'node:stream'
import type { HTTPResponse } from '../../../src/core/response.ts'
import type { Calls } from './calls.ts'
import type { Choices } from './choices.ts'
import type { Intent } from './intent.ts'
import { isPartAt, labelledBytes } from './labels.ts'
import type { World } from './world.ts'

/** How long the echo may take, with every delay that the network knows. */
const PATIENCE_MS = 5_000

export async function useSwitched(
  calls: Calls,
  world: World,
  choices: Choices,
  intent: Intent,
  response: HTTPResponse,
): Promise<void> {
  if (choices.chance(20)) return
  const taken = await calls.make('upgrade', intent, () => response.upgrade())
  if (!taken.ok) return
  const duplex: Duplex = taken.value
  const meant = labelledBytes(`switched ${intent.id}`, choices.oneOf([10, 3_000, 40_000]))
  let received = 0
  duplex.on('error', () => {
    // The network may break it; what came before is compared below.
  })
  duplex.on('data', (bytes: Buffer) => {
    if (!isPartAt(bytes, meant, received)) world.violate('switched bytes', `other bytes at ${received}`)
    received += bytes.length
  })
  duplex.write(meant.subarray(0, 5))
  duplex.end(meant.subarray(5))
  await world.sleep(choices.oneOf([PATIENCE_MS, 3]))
  duplex.destroy()
}

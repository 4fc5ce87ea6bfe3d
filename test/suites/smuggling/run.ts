// Plays attempts: opens the door, sends, probes, and judges what came of it.

import type { Attempt } from './attempt.ts'
import { complete } from './attempt.ts'
import type { Door, Visit } from './door.ts'
import { CONNECTION_DOORS } from './doors/connection.ts'
import { ENGINE_DOORS } from './doors/engine.ts'
import { PROXY_DOORS } from './doors/proxy.ts'
import { PYTHON_DOORS } from './doors/python.ts'
import { type Ending, judge, type Verdict } from './judge.ts'
import { type Recorder, Stage } from './stage.ts'

/** The doors that are played in memory. */
export const DOORS: readonly Door[] = [...CONNECTION_DOORS, ...ENGINE_DOORS, ...PROXY_DOORS, ...PYTHON_DOORS]

const byName = new Map(DOORS.map((door) => [door.name, door]))

/** How often the patience of the watch is looked at, and after how many looks a call counts as hanging. */
const LOOK_MS = 250
const MAX_LOOKS = 8

/** Tells a call that hangs from one that is on its way. Everything here is in memory: nothing takes long. */
export class Watch {
  #looks = 0
  #giveUp: (() => void) | undefined
  readonly #timer: NodeJS.Timeout

  constructor() {
    this.#timer = setInterval(() => {
      if (++this.#looks >= MAX_LOOKS) this.#giveUp?.()
    }, LOOK_MS)
  }

  /** The outcome of `work`; `never` where it does not settle. */
  async follow(
    work: () => Promise<void>,
  ): Promise<{ outcome: 'answered' | 'refused' | 'never'; error?: unknown }> {
    this.#looks = 0
    const hangs = new Promise<'never'>((resolve) => {
      this.#giveUp = () => resolve('never')
    })
    try {
      const outcome = await Promise.race([work(), hangs])
      return { outcome: outcome ?? 'answered' }
    } catch (error) {
      return { outcome: 'refused', error }
    } finally {
      this.#giveUp = undefined
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }
}

export interface Played extends Verdict {
  /** The server's ends of the streams that were opened. */
  readonly recorders: readonly Recorder[]
}

/** Plays one attempt. */
export async function play(attempt: Attempt, watch: Watch): Promise<Played> {
  const door = byName.get(attempt.door)
  if (door === undefined) throw new TypeError(`there is no door '${attempt.door}'`)
  const stage = new Stage(door.stage)
  const ending = await visit(door, attempt, stage, watch)
  const { recorders } = stage
  return { ...judge(door, attempt, recorders, ending), recorders }
}

async function visit(door: Door, attempt: Attempt, stage: Stage, watch: Watch): Promise<Ending> {
  let entered: Visit
  try {
    entered = door.open(complete(attempt), stage)
  } catch (error) {
    return { sent: 'refused', error }
  }
  const sent = await watch.follow(() => entered.send())
  if (sent.outcome === 'never' || entered.probe === undefined)
    return { sent: sent.outcome, error: sent.error }
  const probed = await watch.follow(() => entered.probe!())
  return {
    sent: sent.outcome,
    error: sent.error,
    probed: probed.outcome === 'refused' ? 'failed' : probed.outcome,
    probeError: probed.error,
  }
}

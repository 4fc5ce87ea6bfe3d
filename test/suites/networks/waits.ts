// Peers that do not answer: a listener whose queue is full, and a cable that is pulled in the middle of a body.

import type net from 'node:net'
import type { TimeoutOption } from '../../../src/core/timeouts.ts'
import { SilentListener } from '../../support/silent-listener.ts'
import { connectTo, type Fault, idsOf, type Play } from './fault.ts'
import { ip, PULLED } from './namespaces.ts'
import { type Asked, answerPieces, bodyOf, HEADERS, Origin, targetOf } from './origin.ts'
import type { Stage } from './stage.ts'

const TIMEOUT_MS = 150
/** Lateness on a busy machine, with a grid of deadlines of a thirty-second part. */
const SLACK_MS = 2_000

/** What bounds a wait, and what is told when it is over. */
const BOUNDS = [
  { name: 'connect', options: { timeout: { connect: TIMEOUT_MS } }, outcome: 'TIMEOUT_CONNECT' },
  { name: 'total', options: { timeout: { total: TIMEOUT_MS } }, outcome: 'TIMEOUT_TOTAL' },
  { name: 'signal', options: {}, outcome: 'aborted' },
] as const

const fullQueue: Fault = {
  name: 'A listener whose queue is full',
  expectation: 'the timeout of connecting, the total one, or the abort; in time, nothing left',
  link: 'main',
  needs: 'nothing',
  together: 30,
  cases: BOUNDS.length,
  async setUp(stage): Promise<Play> {
    const listener = await SilentListener.start(stage.addressOf(), 0, stage.onServerSide)
    return {
      async run(index, judge) {
        const { name, options, outcome } = BOUNDS[index % BOUNDS.length]!
        const [id] = idsOf(index)
        await using connection = connectTo(stage.addressOf(), listener.port, false)
        const startedAt = performance.now()
        const signal = name === 'signal' ? AbortSignal.timeout(TIMEOUT_MS) : undefined
        const told = await judge.exchange(
          connection,
          { id, framing: 'length', bytes: 10 },
          { ...options, ...(signal !== undefined && { signal }) },
        )
        const took = performance.now() - startedAt
        judge.expect(told, [outcome], `bounded by ${name}`)
        if (took < TIMEOUT_MS - 2 || took > TIMEOUT_MS + SLACK_MS)
          judge.violate(`bounded by ${name}: the error came after ${took.toFixed(0)} ms`)
        if (connection.state !== 'idle') judge.violate(`4: the connection is left ${connection.state}`)
        return told.outcome
      },
      [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose](),
    }
  },
}

const BODY_BYTES = 10_000

/** How the wait for the rest of a body ends when the cable has been pulled. */
interface Stall {
  readonly timeout: TimeoutOption
  readonly keepAlive: number | false
  readonly outcome: string
  /** The latest end, without the slack. */
  readonly withinMs: number
}

const STALLS: readonly Stall[] = [
  { timeout: { body: TIMEOUT_MS }, keepAlive: false, outcome: 'TIMEOUT_BODY', withinMs: TIMEOUT_MS },
  {
    timeout: { total: 4 * TIMEOUT_MS },
    keepAlive: false,
    outcome: 'TIMEOUT_TOTAL',
    withinMs: 4 * TIMEOUT_MS,
  },
]

/** Nothing but the system's own question ends these: asked after a second, ten times, a second apart (libuv). */
const SILENCES: readonly Stall[] = [
  {
    timeout: { headers: Infinity, body: Infinity },
    keepAlive: 1_000,
    outcome: 'INCOMPLETE_BODY',
    withinMs: 12_000,
  },
]

/** A server that sends half of each long answer when it is asked, and the rest when the cable has been pulled. */
class HalfOrigin extends Origin {
  /** Sends the rest of all answers under way. */
  readonly rests: (() => void)[] = []

  protected override answer(socket: net.Socket, asked: Asked): Promise<void> {
    if (asked.bytes < BODY_BYTES) return super.answer(socket, asked)
    const whole = Buffer.concat(answerPieces(asked))
    socket.write(whole.subarray(0, whole.length - BODY_BYTES / 2))
    this.rests.push(() => socket.write(whole.subarray(whole.length - BODY_BYTES / 2)))
    return Promise.resolve()
  }
}

const pulledCable: Fault = {
  name: 'A cable that is pulled in the middle of a body',
  expectation: 'the timeout of the body, or the total one, in time; the next request when the cable is back',
  link: 'pulled',
  needs: 'namespace',
  together: 50,
  cases: STALLS.length,
  setUp: (stage) => setUpStalls(stage, STALLS),
}

const silentCable: Fault = {
  name: 'A cable that is pulled in the middle of a body, and no timeout',
  expectation: 'IncompleteRead by TCP keep-alive, in time; the next request when the cable is back',
  link: 'pulled',
  needs: 'namespace',
  together: 250,
  cases: SILENCES.length,
  setUp: (stage) => setUpStalls(stage, SILENCES),
}

async function setUpStalls(stage: Stage, stalls: readonly Stall[]): Promise<Play> {
  const origin = new HalfOrigin()
  await stage.listen(origin.server, stage.addressOf('pulled'))
  const { server, client } = stage.topology!
  const pull = (state: 'up' | 'down'): void => {
    ip('-n', server, 'link', 'set', PULLED.device, state)
    // Both sides have learnt that nobody is there, and would believe it for a while.
    if (state === 'up') for (const side of [server, client]) ip('-n', side, 'neigh', 'flush', 'all')
  }
  let stalled = 0
  let expected = 0
  let finished = 0
  let heal: (() => void) | undefined
  let healed = Promise.resolve()
  return {
    batch(count) {
      expected = count
      stalled = 0
      finished = 0
      healed = new Promise((resolve) => {
        heal = resolve
      })
    },
    async run(index, judge) {
      const { timeout, keepAlive, outcome, withinMs } = stalls[index % stalls.length]!
      const [id, second] = idsOf(index)
      const asked: Asked = { id, framing: 'length', bytes: BODY_BYTES }
      await using connection = connectTo(stage.addressOf('pulled'), origin.port, false, { keepAlive })
      let taken = 0
      let stalledAt = 0
      const exchange = async (): Promise<string> => {
        await connection.request('GET', targetOf(asked), undefined, HEADERS, { timeout })
        const response = await connection.getResponse()
        const half = await response.read(BODY_BYTES / 2)
        if (!half.equals(bodyOf(asked).subarray(0, BODY_BYTES / 2))) judge.violate('1: other bytes')
        taken += half.length
        stalledAt = performance.now()
        if (++stalled === expected) {
          pull('down')
          for (const send of origin.rests.splice(0)) send()
        }
        taken += (await response.read()).length
        return 'complete'
      }
      const told = await judge.inTime('a stalled body', judge.outcomeOf(exchange()))
      const took = performance.now() - stalledAt
      if (told !== outcome) judge.violate(`${told} instead of ${outcome}`)
      if (took > withinMs + SLACK_MS) judge.violate(`the error came after ${took.toFixed(0)} ms`)
      if (taken !== BODY_BYTES / 2) judge.violate(`1: ${taken} bytes`)
      if (++finished === expected) {
        pull('up')
        heal?.()
      }
      await healed
      const next: Asked = { id: second, framing: 'length', bytes: 100 }
      await judge.expectRecovery(connection, false, next, next)
      judge.expectSentOnce(origin, id, second)
      // The ends of the connections that broke are found only when the system has tried for long enough.
      if (--finished === 0) origin.drop()
      return told
    },
    async [Symbol.asyncDispose]() {
      pull('up')
      await origin.close()
    },
  }
}

export const WAITS: readonly Fault[] = [fullQueue, pulledCable, silentCable]

// Peers that do not answer: a listener whose queue is full, and a cable that is pulled in the middle of a body.

import type net from 'node:net'
import { SilentListener } from '../../support/silent-listener.ts'
import { connectTo, type Fault, idsOf, type Play } from './fault.ts'
import { ip, PULLED } from './namespaces.ts'
import { type Asked, answerPieces, bodyOf, HEADERS, Origin, targetOf } from './origin.ts'

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
const STALLS = [
  { timeout: { body: TIMEOUT_MS }, outcome: 'TIMEOUT_BODY' },
  { timeout: { total: 4 * TIMEOUT_MS }, outcome: 'TIMEOUT_TOTAL' },
] as const

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
  async setUp(stage): Promise<Play> {
    const origin = new HalfOrigin()
    await stage.listen(origin.server, stage.addressOf('pulled'))
    const { server } = stage.topology!
    const pull = (state: 'up' | 'down'): void => {
      ip('-n', server, 'link', 'set', PULLED.device, state)
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
        const { timeout, outcome } = STALLS[index % STALLS.length]!
        const [id, second] = idsOf(index)
        const asked: Asked = { id, framing: 'length', bytes: BODY_BYTES }
        await using connection = connectTo(stage.addressOf('pulled'), origin.port, false)
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
        if (took > 4 * TIMEOUT_MS + SLACK_MS) judge.violate(`the error came after ${took.toFixed(0)} ms`)
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
  },
}

export const WAITS: readonly Fault[] = [fullQueue, pulledCable]

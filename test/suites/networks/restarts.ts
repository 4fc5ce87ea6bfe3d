// A server that restarts: its connections are gone, for a while so is its port, and then both are back. What was under way
// may have been acted upon and must not be sent again.

import { connectTo, type Fault, idsOf, type Play } from './fault.ts'
import type { Judge, Told } from './judge.ts'
import { type Asked, Origin } from './origin.ts'
import type { Stage } from './stage.ts'

/** Where in the life of a connection the server goes. */
const MOMENTS = [
  'idle, and noticed',
  'idle, and a request meets it',
  'down for one request',
  'with a request acted upon',
] as const
type Moment = (typeof MOMENTS)[number]

/** What the request that meets the restart may come to. */
const ALLOWED: Readonly<Record<Moment, readonly string[]>> = {
  'idle, and noticed': ['complete'],
  // Sent into a connection that has just ended, or into a new one that nobody takes yet.
  'idle, and a request meets it': ['complete', 'REMOTE_DISCONNECTED', 'CONNECTION_LOST', 'CONNECT_REFUSED'],
  'down for one request': ['CONNECT_REFUSED'],
  'with a request acted upon': ['REMOTE_DISCONNECTED', 'CONNECTION_LOST'],
}

function small(id: number, upload?: number): Asked {
  return { id, framing: 'length', bytes: 40, upload }
}

/** A server on a port of its own that goes and comes back. */
class Restarting {
  readonly stage: Stage
  origin = new Origin()
  port = 0

  constructor(stage: Stage) {
    this.stage = stage
  }

  async start(isMute = false): Promise<void> {
    this.origin = new Origin({ isMute })
    await this.stage.listen(this.origin.server, this.stage.addressOf(), this.port)
    this.port = this.origin.port
  }

  /** Ends the process, as it were: the port is closed and every connection with it. */
  stop(by: 'fin' | 'rst'): Promise<void> {
    this.origin.drop(by)
    return this.origin.close()
  }
}

async function playMoment(judge: Judge, moment: Moment, server: Restarting, index: number): Promise<Told> {
  const [first, second, third] = idsOf(index)
  const by = (index >> 2) % 2 === 0 ? 'fin' : 'rst'
  await server.start(moment === 'with a request acted upon')
  const connection = connectTo(server.stage.addressOf(), server.port, false)
  try {
    let told: Told
    const before = server.origin
    if (moment === 'with a request acted upon') {
      const under = judge.exchange(connection, small(first, 100))
      while (before.timesWhole(first) === 0) await turn()
      await server.stop(by)
      told = await under
      await server.start()
    } else {
      judge.expect(await judge.exchange(connection, small(first)), ['complete'], 'the request before')
      const stopped = server.stop(by)
      if (moment === 'idle, and a request meets it') {
        const meeting = judge.exchange(connection, small(second, 100))
        await stopped
        told = await meeting
        await server.start()
      } else {
        await stopped
        while (connection.isConnected) await turn()
        if (moment === 'idle, and noticed') await server.start()
        told = await judge.exchange(connection, small(second, 100))
        if (moment === 'down for one request') await server.start()
      }
    }
    judge.expect(told, ALLOWED[moment], `${moment}, by ${by}`)
    for (const origin of [before, server.origin]) judge.expectSentOnce(origin, first, second)
    const twice = [first, second].some(
      (id) => before !== server.origin && before.timesWhole(id) + server.origin.timesWhole(id) > 1,
    )
    if (twice) judge.violate(`3: ${moment}: a request came to the server before and after its restart`)
    await judge.expectRecovery(connection, false, small(third), small(third))
    return told
  } finally {
    connection.close()
    await server.stop('fin')
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}

export const RESTARTS: readonly Fault[] = MOMENTS.map((moment) => ({
  name: `A server restarts: ${moment}`,
  expectation: ALLOWED[moment].join(' or '),
  link: 'main',
  needs: 'nothing',
  together: 1,
  cases: 4,
  setUp(stage): Promise<Play> {
    return Promise.resolve({
      async run(index, judge) {
        const told = await playMoment(judge, moment, new Restarting(stage), index)
        return told.outcome
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    })
  },
}))

// Connections that are cut: a RST or a FIN at every byte of a small exchange, in both directions, plain and inside TLS.

import { type Cut, type CutBy, type CutConnection, startCutRelay } from '../../support/cut-relay.ts'
import { caseOf, connectTo, type Fault, idsOf, type Play } from './fault.ts'
import type { Judge, Told } from './judge.ts'
import { type Asked, answerPieces, FRAMINGS, type Framing, Origin, requestBytes } from './origin.ts'
import type { Stage } from './stage.ts'

const BODY_BYTES = 24
/** The ids of requests have so many digits that all runs have messages of one length. */
const FIRST_ID = 1_000_000

type Version = 'TLSv1.2' | 'TLSv1.3'

/** The exchange that is cut: the same in all runs but for its id. */
function cutExchange(id: number, framing: Framing, isUpload: boolean): Asked {
  return { id: FIRST_ID + id, framing, bytes: BODY_BYTES, upload: isUpload ? BODY_BYTES : undefined }
}

interface Setting {
  readonly origin: Origin
  readonly port: number
  /** The connection of the client that is cut. */
  newest(): CutConnection | undefined
  /** The next connection is cut so. */
  plan(cut: Cut): void
}

/** An origin behind a relay on the other side of the link, and the disposal of both. */
async function setUp(stage: Stage, version: Version | undefined): Promise<Setting & AsyncDisposable> {
  const origin = new Origin(
    version === undefined ? {} : { isLast: true, tls: { minVersion: version, maxVersion: version } },
  )
  await origin.listenHere()
  let next: Cut | undefined
  const cutOf = (): Cut | undefined => {
    const cut = next
    next = undefined
    return cut
  }
  const relay = await startCutRelay(origin.port, cutOf, (listener) => stage.listen(listener))
  return {
    origin,
    port: relay.port,
    newest: () => relay.connections.at(-1),
    plan: (cut) => {
      next = cut
    },
    async [Symbol.asyncDispose]() {
      await relay[Symbol.asyncDispose]()
      await origin.close()
    },
  }
}

/** What must come of a cut, by arithmetic: the outcome, and how much of the body is given out at most and at least. */
interface Expected {
  readonly outcomes: readonly string[]
  readonly atMost: number
  readonly atLeast: number
}

/** The response is cut behind `atByte` bytes. RFC 9112 §8, and for the end of a body §6.3. */
function expectedOfResponse(asked: Asked, atByte: number, by: CutBy): Expected {
  const [head, ...rest] = answerPieces(asked) as [Buffer, ...Buffer[]]
  const total = rest.reduce((sum, { length }) => sum + length, head.length)
  const behindHead = Math.max(0, atByte - head.length)
  // How many of the bytes behind the head are of the body itself: where it is chunked, that is left open.
  const atMost = Math.min(asked.bytes, behindHead)
  const atLeast = asked.framing === 'chunked' || by === 'rst' ? 0 : atMost
  const hasEnd = asked.framing === 'length' || asked.framing === 'chunked'
  if (hasEnd && atByte >= total) return { outcomes: ['complete'], atMost: asked.bytes, atLeast: asked.bytes }
  if (by === 'rst') {
    // Before the first byte the RST may meet the opening of the connection itself.
    if (atByte === 0) return { outcomes: ['CONNECTION_LOST', 'CONNECT_FAILED'], atMost, atLeast }
    // Together with data a RST is told as an end by libuv.
    const outcomes = atByte < head.length ? ['CONNECTION_LOST', 'INCOMPLETE_HEAD'] : ['INCOMPLETE_BODY']
    return { outcomes, atMost, atLeast }
  }
  if (atByte === 0) return { outcomes: ['REMOTE_DISCONNECTED'], atMost, atLeast }
  if (atByte < head.length) return { outcomes: ['INCOMPLETE_HEAD'], atMost, atLeast }
  return { outcomes: [asked.framing === 'close' ? 'complete' : 'INCOMPLETE_BODY'], atMost, atLeast }
}

/** The request is cut behind `atByte` bytes: no answer can come. */
function expectedOfRequest(atByte: number, by: CutBy): Expected {
  const none = { atMost: 0, atLeast: 0 }
  if (by === 'fin') return { outcomes: ['REMOTE_DISCONNECTED'], ...none }
  return { outcomes: atByte === 0 ? ['CONNECTION_LOST', 'CONNECT_FAILED'] : ['CONNECTION_LOST'], ...none }
}

interface PlainCase {
  readonly framing: Framing
  readonly atByte: number
}

/** A RST or FIN at every byte of one direction, without TLS. */
function plainCuts(direction: 'to-client' | 'to-server', by: CutBy, expectation: string): Fault {
  const isUpload = direction === 'to-server'
  const lengthOf = (framing: Framing): number => {
    const asked = cutExchange(0, framing, isUpload)
    // The relay's port has four or five digits: the last bytes of a request may be met twice.
    if (isUpload) return requestBytes(asked, '127.0.0.1:65535').length
    return answerPieces(asked).reduce((sum, { length }) => sum + length, 0)
  }
  const cases: PlainCase[] = (isUpload ? (['length'] as const) : ([...FRAMINGS, 'huge'] as const)).flatMap(
    (framing) => Array.from({ length: lengthOf(framing) + 1 }, (_, atByte) => ({ framing, atByte })),
  )
  return {
    name: `${by.toUpperCase()} at every byte of the ${isUpload ? 'request' : 'response'}`,
    expectation,
    link: 'main',
    needs: 'nothing',
    together: 1,
    cases: cases.length,
    async setUp(stage, runs): Promise<Play> {
      const setting = await setUp(stage, undefined)
      const { port } = setting
      const host = stage.addressOf()
      return {
        async run(index, judge) {
          const planned = caseOf(cases, index, runs)
          const [first, ...after] = idsOf(index)
          const asked = cutExchange(first, planned.framing, isUpload)
          const total = requestBytes(asked, `${host}:${port}`).length
          const atByte = isUpload ? Math.min(planned.atByte, total) : planned.atByte
          setting.plan({ direction, atByte, by })
          await using connection = connectTo(host, port, false)
          const told = await judge.exchange(connection, asked)
          const expected = isUpload ? expectedOfRequest(atByte, by) : expectedOfResponse(asked, atByte, by)
          const where = `${by} at byte ${atByte}, ${planned.framing}`
          judge.expect(told, expected.outcomes, where)
          if (told.taken > expected.atMost || told.taken < expected.atLeast)
            judge.violate(`1: ${where}: ${told.taken} bytes of the body were given out`)
          await recover(judge, setting, connection, asked, told, after)
          return told.outcome
        },
        [Symbol.asyncDispose]: () => setting[Symbol.asyncDispose](),
      }
    },
  }
}

/** The next requests, on connections that nobody cuts; and no request came twice. */
async function recover(
  judge: Judge,
  { origin }: Setting,
  connection: ReturnType<typeof connectTo>,
  cut: Asked,
  told: Told,
  after: readonly [number, number],
): Promise<void> {
  const [next, last] = [cutExchange(after[0], 'length', false), cutExchange(after[1], 'length', false)]
  await judge.expectRecovery(connection, told.outcome === 'complete', next, last)
  judge.expectSentOnce(origin, cut.id, next.id, last.id)
}

/** What may come of a TLS connection that is cut before its response is whole. */
const CUT_SHORT = [
  'CONNECT_FAILED',
  'TLS_FAILED',
  'CONNECTION_LOST',
  'REMOTE_DISCONNECTED',
  'INCOMPLETE_HEAD',
  'INCOMPLETE_BODY',
]

/** How much of what a server sends first is cut at every byte: all of its handshake, and what comes right behind. */
const HANDSHAKE_BYTES = 1_100
/** So much of it is surely handshake: the certificate alone is the larger part. */
const SURELY_HANDSHAKE_BYTES = 750

/** A RST or FIN at every byte of the handshake. */
function handshakeCuts(version: Version, by: CutBy): Fault {
  const cases = Array.from({ length: HANDSHAKE_BYTES + 1 }, (_, atByte) => atByte)
  return {
    name: `${by.toUpperCase()} at every byte of a ${version} handshake`,
    expectation: 'an error of connecting',
    link: 'main',
    needs: 'nothing',
    together: 1,
    cases: cases.length,
    async setUp(stage, runs): Promise<Play> {
      const setting = await setUp(stage, version)
      return {
        async run(index, judge) {
          const atByte = caseOf(cases, index, runs)
          const [first, ...after] = idsOf(index)
          const asked = cutExchange(first, 'length', false)
          setting.plan({ direction: 'to-client', atByte, by })
          await using connection = connectTo(stage.addressOf(), setting.port, true)
          const told = await judge.exchange(connection, asked)
          const isCut = setting.newest()?.isCut === true
          const failures = atByte < SURELY_HANDSHAKE_BYTES ? ['TLS_FAILED', 'CONNECT_FAILED'] : CUT_SHORT
          judge.expect(told, isCut ? failures : ['complete'], `${by} at byte ${atByte}`)
          await recover(judge, setting, connection, asked, told, after)
          return told.outcome
        },
        [Symbol.asyncDispose]: () => setting[Symbol.asyncDispose](),
      }
    },
  }
}

/** The records of a response, its closure alert and what TLS sends of its own before: at most so many bytes. */
const MOST_WITHHELD = 280

/** A RST or FIN at every byte of a response inside TLS, counted from the end. */
function responseCuts(version: Version, by: CutBy): Fault {
  const cases = FRAMINGS.flatMap((framing) =>
    Array.from({ length: MOST_WITHHELD + 1 }, (_, withheld) => ({ framing, withheld })),
  )
  return {
    name: `${by.toUpperCase()} at every byte of a response in ${version}`,
    expectation: 'whole only with its length, its last chunk or the closure alert; else an error',
    link: 'main',
    needs: 'nothing',
    together: 1,
    cases: cases.length,
    async setUp(stage, runs): Promise<Play> {
      const setting = await setUp(stage, version)
      return {
        async run(index, judge) {
          const { framing, withheld } = caseOf(cases, index, runs)
          const [first, ...after] = idsOf(index)
          const asked = cutExchange(first, framing, false)
          setting.plan({ withheld, by })
          await using connection = connectTo(stage.addressOf(), setting.port, true)
          await judge.inTime('connect', connection.connect())
          const cut = setting.newest()!
          cut.hold()
          const told = await judge.exchange(connection, asked)
          const where = `${by}, ${withheld} bytes before the end, ${framing}`
          const alert = lastRecord(Buffer.concat(cut.held))
          const allowed = allowedOf(framing, withheld, alert, by)
          judge.expect(told, allowed, where)
          if (told.outcome === 'complete' && told.taken !== asked.bytes)
            judge.violate(`1: ${where}: ${told.taken} bytes as complete`)
          await recover(judge, setting, connection, asked, told, after)
          return told.outcome
        },
        [Symbol.asyncDispose]: () => setting[Symbol.asyncDispose](),
      }
    },
  }
}

/** What may come of a cut before the end of the last record, which is the closure alert and has `alert` bytes. */
function allowedOf(framing: Framing, withheld: number, alert: number, by: CutBy): readonly string[] {
  if (withheld > alert) return CUT_SHORT
  if (framing !== 'close') return ['complete']
  if (withheld > 0) return ['INCOMPLETE_BODY']
  // The alert has come; a RST right behind it may be seen before it is read.
  return by === 'fin' ? ['complete'] : ['complete', 'INCOMPLETE_BODY']
}

/** How many bytes the last record of TLS has. */
function lastRecord(bytes: Buffer): number {
  let start = 0
  for (let at = 0; at + 5 <= bytes.length; at += 5 + bytes.readUInt16BE(at + 3)) start = at
  return bytes.length - start
}

export const CUTS: readonly Fault[] = [
  plainCuts('to-client', 'rst', 'whole where the length or last chunk was reached; else an error'),
  plainCuts('to-server', 'rst', 'ConnectionLost; not sent again'),
  plainCuts(
    'to-client',
    'fin',
    'whole where the length or last chunk was reached, or the end is the body’s; else an error',
  ),
  plainCuts('to-server', 'fin', 'RemoteDisconnected; not sent again'),
  handshakeCuts('TLSv1.3', 'rst'),
  handshakeCuts('TLSv1.2', 'rst'),
  handshakeCuts('TLSv1.3', 'fin'),
  responseCuts('TLSv1.3', 'rst'),
  responseCuts('TLSv1.2', 'rst'),
  responseCuts('TLSv1.3', 'fin'),
  responseCuts('TLSv1.2', 'fin'),
]

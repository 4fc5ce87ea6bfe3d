// Ends in order, under way: TLS that is closed by its peer, answers that come while the request is still being sent, and
// both directions of a switched connection at once, one of which ends first.

import { once } from 'node:events'
import net from 'node:net'
import type { HTTPConnectionOptions } from '../../../src/connection/options.ts'
import { labelledBytes } from '../simulation/labels.ts'
import { caseOf, connectTo, type Fault, idsOf, type Play } from './fault.ts'
import { Origin } from './origin.ts'
import type { Stage } from './stage.ts'

const SIZES = [0, 1, 100, 16_384, 100_000]
const VERSIONS = ['TLSv1.2', 'TLSv1.3'] as const

/** No closure alert that was sent may be missed: a body that is whole must not be called cut. */
const announced: Fault = {
  name: 'TLS closed by its peer behind a body that lasts until then',
  expectation: 'whole',
  link: 'main',
  needs: 'nothing',
  together: 4,
  cases: SIZES.length * VERSIONS.length,
  async setUp(stage): Promise<Play> {
    const origins = VERSIONS.map(
      (version) => new Origin({ tls: { minVersion: version, maxVersion: version } }),
    )
    for (const origin of origins) await stage.listen(origin.server)
    return {
      async run(index, judge) {
        const origin = origins[index % origins.length]!
        const [id] = idsOf(index)
        const bytes = SIZES[(index >> 1) % SIZES.length]!
        await using connection = connectTo(stage.addressOf(), origin.port, true)
        const told = await judge.exchange(connection, { id, framing: 'close', bytes })
        judge.expect(told, ['complete'], `${bytes} bytes`)
        if (told.taken !== bytes) judge.violate(`1: ${told.taken} bytes of ${bytes} as complete`)
        judge.expectSentOnce(origin, id)
        return told.outcome
      },
      async [Symbol.asyncDispose]() {
        for (const origin of origins) await origin.close()
      },
    }
  },
}

/** Starts a server on bytes at the stage; answers it with a way to close it. */
async function startServer(
  stage: Stage,
  serve: (socket: net.Socket) => void,
): Promise<{ port: number; close: () => Promise<void> }> {
  const sockets = new Set<net.Socket>()
  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    serve(socket)
  })
  await stage.listen(server)
  return {
    port: (server.address() as net.AddressInfo).port,
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

const UPLOAD_BYTES = 400_000
const EARLY = 'HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 5\r\n\r\nlarge'
/** How a server ends that does not want the rest: its own side only, or all at once with bytes unread, which is a RST. */
const LEAVINGS = ['its side', 'all'] as const

function* pieces(): Generator<Buffer> {
  for (let at = 0; at < UPLOAD_BYTES; at += 10_000) yield labelledBytes('upload', 10_000)
}

/** The server answers early and ends while the client still sends. */
const early: Fault = {
  name: 'FIN of the server with the request in flight',
  expectation: 'the early answer; where the server resets, that or ConnectionLost',
  link: 'main',
  needs: 'nothing',
  together: 4,
  cases: LEAVINGS.length * 10,
  async setUp(stage, runs): Promise<Play> {
    const cases = LEAVINGS.flatMap((leaving) =>
      Array.from({ length: 10 }, (_, part) => ({ leaving, atByte: 1 + part * (UPLOAD_BYTES / 20) })),
    )
    const plans = new Map<number, (typeof cases)[number]>()
    let requests = 0
    const server = await startServer(stage, (socket) => {
      let received = 0
      let plan: (typeof cases)[number] | undefined
      socket.on('data', (bytes: Buffer) => {
        const id = /^POST \/(\d+) /.exec(bytes.toString('latin1', 0, 40))?.[1]
        if (received === 0) {
          requests++
          plan = plans.get(Number(id))
        }
        const before = received
        received += bytes.length
        if (plan === undefined || before >= plan.atByte || received < plan.atByte) return
        if (plan.leaving === 'its side') socket.end(EARLY)
        else socket.write(EARLY, () => socket.destroy())
      })
      socket.on('end', () => socket.end())
    })
    return {
      async run(index, judge) {
        const plan = caseOf(cases, index, runs)
        plans.set(index, plan)
        const before = requests
        await using connection = connectTo(stage.addressOf(), server.port, false)
        const exchange = async (): Promise<string> => {
          // Sent and received side by side: an answer may end what is being sent.
          const sending = connection.request('POST', `/${index}`, pieces)
          sending.catch(() => {})
          const response = await connection.getResponse()
          const body = await response.read()
          if (response.status !== 413 || body.toString() !== 'large')
            judge.violate(`1: ${response.status} ${body.toString()}`)
          await sending
          return 'complete'
        }
        const outcome = await judge.inTime('upload', judge.outcomeOf(exchange()))
        const allowed = ['CONNECTION_LOST', 'INCOMPLETE_BODY', 'INCOMPLETE_HEAD', 'REMOTE_DISCONNECTED']
        if (outcome !== 'complete' && (plan.leaving === 'its side' || !allowed.includes(outcome)))
          judge.violate(`${plan.leaving} at ${plan.atByte}: ${outcome}`)
        if (requests - before > 4) judge.violate(`3: a request was sent again`)
        if (connection.state !== 'idle') judge.violate(`4: the connection is left ${connection.state}`)
        return outcome
      },
      [Symbol.asyncDispose]: () => server.close(),
    }
  },
}

const SWITCHED_BYTES = 200_000

/** After a switch of protocols each side sends a lot and ends, the client first. */
const halfClose: Fault = {
  name: 'FIN of the client with both directions in flight',
  expectation: 'every byte of either direction',
  link: 'main',
  needs: 'nothing',
  together: 4,
  cases: 1,
  async setUp(stage): Promise<Play> {
    const upwards = labelledBytes('upwards', SWITCHED_BYTES)
    const downwards = labelledBytes('downwards', SWITCHED_BYTES)
    const heard: Buffer[] = []
    const server = await startServer(stage, (socket) => {
      const received: Buffer[] = []
      let isSwitched = false
      socket.on('data', (bytes: Buffer) => {
        received.push(bytes)
        if (isSwitched) return
        isSwitched = true
        socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: test\r\n\r\n')
        socket.write(downwards.subarray(0, SWITCHED_BYTES / 2))
      })
      // What comes behind the client's end is half of what it is to have.
      socket.on('end', () => {
        heard.push(Buffer.concat(received))
        socket.end(downwards.subarray(SWITCHED_BYTES / 2))
      })
    })
    const options: HTTPConnectionOptions = { timeout: 20_000 }
    return {
      async run(_index, judge) {
        await using connection = connectTo(stage.addressOf(), server.port, false, options)
        const exchange = async (): Promise<string> => {
          await connection.request('GET', '/', undefined, { Connection: 'upgrade', Upgrade: 'test' })
          const response = await connection.getResponse()
          const duplex = response.upgrade()
          duplex.end(upwards)
          const got: Buffer[] = []
          for await (const bytes of duplex as AsyncIterable<Buffer>) got.push(bytes)
          if (!Buffer.concat(got).equals(downwards)) judge.violate('1: other bytes than the server sent')
          return 'complete'
        }
        const outcome = await judge.inTime('the switched connection', judge.outcomeOf(exchange()))
        if (outcome !== 'complete') judge.violate(`half-close: ${outcome}`)
        const all = heard.shift()
        if (all === undefined || !all.subarray(-SWITCHED_BYTES).equals(upwards))
          judge.violate('1: other bytes than the client sent')
        return outcome
      },
      [Symbol.asyncDispose]: () => server.close(),
    }
  },
}

export const ENDS: readonly Fault[] = [announced, early, halfClose]

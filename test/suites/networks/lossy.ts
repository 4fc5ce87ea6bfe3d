// A link that loses, delays, reorders and doubles packets and lets only small ones pass: what is exchanged over it must be
// the same bytes, by their SHA-256. Needs namespaces, and Python for the link itself (lossy-link.py).

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { accessSync, constants } from 'node:fs'
import { repositoryPath } from '../../support/repository.ts'
import { connectTo, type Fault, idsOf, type Play } from './fault.ts'
import { ip, LOSSY, type Topology } from './namespaces.ts'
import { type Asked, bodyOf, HEADERS, Origin, targetOf, uploadOf } from './origin.ts'

const SEED = 20_261_123
const LOSS = 0.03
const DOUBLING = 0.02
/** Packets overtake each other by up to this. */
const MAX_DELAY_MS = 6
/** The least that IPv6 knows, and IPv4 does with far less. */
const MTU = 576
const BODY_BYTES = 20_000

interface LossyLink extends AsyncDisposable {
  /** How many packets were carried, lost and doubled; once it is closed. */
  readonly packets: () => readonly number[]
}

function whatLinkLacks(): string | undefined {
  if (spawnSync('python3', ['--version']).status !== 0) return 'python3'
  try {
    accessSync('/dev/net/tun', constants.R_OK | constants.W_OK)
  } catch {
    return 'leave to open /dev/net/tun'
  }
  return undefined
}

async function layLossyLink({ client, server }: Topology): Promise<LossyLink> {
  const script = repositoryPath('test', 'suites', 'networks', 'lossy-link.py')
  const words = [script, client, server, LOSSY.device, SEED, LOSS, DOUBLING, MAX_DELAY_MS].map(String)
  const child: ChildProcess = spawn('python3', words, { stdio: ['pipe', 'pipe', 'inherit'] })
  await once(child, 'spawn')
  const output: Buffer[] = []
  const exited = once(child, 'exit')
  child.stdout!.on('data', (bytes: Buffer) => output.push(bytes))
  const ready = once(child.stdout!, 'data')
  await Promise.race([
    ready,
    exited.then(() => {
      throw new Error('the link could not be made')
    }),
  ])
  for (const [name, address] of [
    [client, LOSSY.client],
    [server, LOSSY.server],
  ] as const) {
    ip('-n', name, 'addr', 'add', `${address}/24`, 'dev', LOSSY.device)
    ip('-n', name, 'link', 'set', LOSSY.device, 'mtu', String(MTU), 'up')
  }
  return {
    packets: () => (Buffer.concat(output).toString().split('\n').at(-2) ?? '').split(' ').map(Number),
    async [Symbol.asyncDispose]() {
      child.stdin!.end()
      if (child.exitCode === null && child.signalCode === null) await exited
    },
  }
}

const lossyLink: Fault = {
  name: `A link that loses ${LOSS * 100} %, reorders and doubles packets, MTU ${MTU}`,
  expectation: 'whole, the same bytes by SHA-256 in both directions',
  link: 'lossy',
  needs: 'namespace',
  lacks: whatLinkLacks,
  together: 50,
  cases: 4,
  async setUp(stage): Promise<Play> {
    const link = await layLossyLink(stage.topology!)
    const plain = new Origin()
    const secure = new Origin({ tls: {} })
    for (const origin of [plain, secure]) await stage.listen(origin.server, stage.addressOf('lossy'))
    return {
      async run(index, judge) {
        const origin = index % 2 === 0 ? plain : secure
        const [id] = idsOf(index)
        const isUpload = index % 4 > 1
        const asked: Asked = {
          id,
          framing: 'chunked',
          bytes: BODY_BYTES,
          upload: isUpload ? BODY_BYTES : undefined,
        }
        await using connection = connectTo(stage.addressOf('lossy'), origin.port, origin === secure)
        const exchange = async (): Promise<string> => {
          const body = isUpload ? uploadOf(asked) : undefined
          await connection.request(isUpload ? 'POST' : 'GET', targetOf(asked), body, HEADERS)
          const received = await (await connection.getResponse()).read()
          if (sha256(received) !== sha256(bodyOf(asked))) judge.violate(`1: request ${id}: other bytes`)
          return 'complete'
        }
        const outcome = await judge.inTime(`request ${id}`, judge.outcomeOf(exchange()))
        if (outcome !== 'complete') judge.violate(`request ${id}: ${outcome}`)
        // The origin holds what it receives against the bytes that the request must have.
        if (origin.timesWhole(id) !== 1) judge.violate(`3: request ${id} came ${origin.timesWhole(id)} times`)
        judge.expectSentOnce(origin, id)
        return outcome
      },
      async [Symbol.asyncDispose]() {
        for (const origin of [plain, secure]) await origin.close()
        await link[Symbol.asyncDispose]()
        const [carried, lost, doubled] = link.packets()
        console.log(`NOTE: the bad link carried ${carried} packets, lost ${lost} and doubled ${doubled}`)
      },
    }
  },
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

export const LOSSES: readonly Fault[] = [lossyLink]

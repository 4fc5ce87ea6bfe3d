// HSTS against a model of it: scenes of responses and requests made from a seed, what the layers do with them, and what RFC
// 6797 says in a few lines that share nothing with the code.

import type { FieldLine } from '../../../src/core/fields.ts'
import { hstsNotesLayer, hstsUpgradeLayer } from '../../../src/layers/hsts/hsts.ts'
import { MemoryHstsStore } from '../../../src/layers/hsts/store.ts'
import { Pauses } from '../../../src/layers/pause.ts'
import { systemClock } from '../../../src/time/clock.ts'
import { locate, requestTo, responseTo, settingsOf } from '../../support/memory-handler.ts'
import { makePrng } from '../../support/prng.ts'

/** A request, and what its response says. */
interface Turn {
  readonly url: string
  readonly fields: readonly string[]
  readonly isVerified: boolean
  /** How long after the one before, in seconds. */
  readonly afterSeconds: number
}

const HOSTS = ['d.test', 'a.d.test', 'b.a.d.test', 'xd.test', 'test', 'D.test.', '127.0.0.1']
/** What a field means: seconds and includeSubDomains; undefined for a field that is ignored. */
const FIELDS: readonly (readonly [text: string, means: readonly [number, boolean] | undefined])[] = [
  ['max-age=100', [100, false]],
  ['max-age=100; includeSubDomains', [100, true]],
  ['INCLUDESUBDOMAINS; max-age="100"; preload', [100, true]],
  ['max-age=10', [10, false]],
  ['max-age=0', [0, false]],
  ['max-age=0; includeSubDomains', [0, true]],
  ['max-age=100; max-age=100', undefined],
  ['max-age=1.5', undefined],
  ['includeSubDomains', undefined],
  ['max-age=100; includeSubDomains=1', undefined],
]

/** Where the requests of a scene went, and where they had to go. */
export interface Scene {
  readonly went: readonly string[]
  readonly expected: readonly string[]
}

/** Plays one scene. */
export async function playScene(seed: number, number: number): Promise<Scene> {
  const next = makePrng(seed, `hsts ${number}`)
  const one = <T>(of: readonly T[]): T => of[next() % of.length]!
  const turns = Array.from({ length: 12 }, (): Turn => {
    const port = one(['', '', ':8080', ':80'])
    return {
      url: `${one(['http', 'http', 'https'])}://${one(HOSTS)}${port}/`,
      fields: Array.from({ length: next() % 3 }, () => one(FIELDS)[0]),
      isVerified: next() % 4 > 0,
      afterSeconds: one([0, 0, 9, 10, 50, 100]),
    }
  })
  return { went: await play(turns), expected: model(turns) }
}

async function play(turns: readonly Turn[]): Promise<string[]> {
  const store = new MemoryHstsStore()
  const went: string[] = []
  let nowMs = 0
  const on = {
    wait: { clock: systemClock, pauses: new Pauses() },
    ownStore: () => store,
    locate,
    onFailure: (_: unknown, error: unknown): void => {
      throw error
    },
    wallClock: () => nowMs,
  }
  const settings = settingsOf({ hsts: true })
  for (const { url, fields, isVerified, afterSeconds } of turns) {
    nowMs += afterSeconds * 1_000
    const chain = hstsUpgradeLayer(on)(
      hstsNotesLayer(on)((request) => {
        went.push(request.url)
        const lines = fields.map((value): FieldLine => ['Strict-Transport-Security', value])
        const tls = request.url.startsWith('https:') ? { ...TLS, isVerified } : undefined
        return Promise.resolve(responseTo(request, 200, lines, tls))
      }),
    )
    await chain(requestTo(url, { settings }))
  }
  return went
}

const TLS = { protocol: '', cipher: '', alpn: undefined, isResumed: false, fingerprint: undefined }

function model(turns: readonly Turn[]): string[] {
  const known: { host: string; end: number; below: boolean }[] = []
  let now = 0
  return turns.map(({ url, fields, isVerified, afterSeconds }) => {
    now += afterSeconds
    const { protocol, hostname, port } = new URL(url)
    const host = hostname.replace(/\.$/, '')
    const isName = host !== '127.0.0.1'
    const isKnown = known.some(
      (one) => one.end > now && (one.host === host || (one.below && host.endsWith(`.${one.host}`))),
    )
    const isSecure = protocol === 'https:' || (isName && isKnown)
    const said = FIELDS.find(([text]) => text === fields[0])?.[1]
    if (isSecure && isName && isVerified && said !== undefined) {
      const at = known.findIndex((one) => one.host === host)
      if (at >= 0) known.splice(at, 1)
      if (said[0] > 0) known.push({ host, end: now + said[0], below: said[1] })
    }
    // A URL of http has no port where it is 80, and neither has one of https.
    const shown = port === '' ? '' : `:${port}`
    return `${isSecure ? 'https' : 'http'}://${hostname}${shown}/`
  })
}

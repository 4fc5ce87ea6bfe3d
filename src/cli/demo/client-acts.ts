/** The acts of the demo that show the client: URLs in, responses out, each with what it expects and checks. */

import { Client } from '../../client/client.ts'
import type { ClientOptions } from '../../client/option-types.ts'
import type { HTTPResponse } from '../../core/response.ts'
import { formatBytes, formatMs } from '../show/amounts.ts'
import { formatProgress } from '../show/progress.ts'
import { tapConnections } from '../show/wire-tap.ts'
import type { ActProps } from './acts.ts'
import { Lanes } from './lanes.ts'
import { digestOf, PLATES, SONG } from './servers.ts'

export interface ClientAct {
  readonly title: string
  readonly prose: string
  readonly play: (props: ActProps) => Promise<void>
}

/** Loopback needs a hundredth of it; a demo that hangs is worse than one that fails. */
const ACT_TIMEOUT_MS = 5_000
const PLATE_COUNT = 100
const CONNECTION_COUNT = 6
const UPLOAD_BYTES = 32_000_000
const UPLOAD_PIECE = 250_000

export const CLIENT_ACTS: readonly ClientAct[] = [
  {
    title: 'A redirect with a cookie',
    prose: 'The first answer sets a cookie and leads on; the second wants to see it.',
    play: async (props) => {
      const { stage } = props
      await using client = clientFor(props, { cookies: true })
      stage.call("await client.get('/login')")
      const response = await client.get('/login')
      const text = await response.text()
      stage.verdict(`${summarize(response, text.length)}, after ${response.redirects.length} redirect`, {
        'status 200': response.status === 200,
        'one redirect': response.redirects[0]?.status === 302,
        'the cookie was there': text === 'Welcome back, Arthur.\n',
        'one connection': response.connection?.reused === true,
      })
    },
  },
  {
    title: 'A server that is busy',
    prose: 'A 503 with Retry-After: the client waits as it is asked to, and tries again.',
    play: async (props) => {
      const { stage } = props
      await using client = clientFor(props, { retry: 2 })
      stage.call("await client.get('/busy')")
      const response = await client.get('/busy')
      const text = await response.text()
      const [first] = response.attempts
      stage.verdict(`${summarize(response, text.length)}, at attempt ${response.attempts.length}`, {
        'status 200': response.status === 200,
        'a 503 before it': first?.status === 503,
        'two attempts': response.attempts.length === 2,
      })
      if (first?.decision !== undefined) stage.detail('why', first.decision)
    },
  },
  {
    title: 'A compressed body',
    prose: 'gzip on the wire, text for the caller; what it may come to is bounded.',
    play: async (props) => {
      const { stage } = props
      await using client = clientFor(props, {}, false)
      stage.call("await client.get('/song').text()")
      let wireBytes = 0
      const response = await client.get('/song', { onProgress: ({ bytes }) => void (wireBytes = bytes) })
      const text = await response.text()
      stage.verdict(`${summarize(response, text.length)}, ${wireBytes} of them on the wire`, {
        'the song': text === SONG,
        'it was compressed': wireBytes > 0 && wireBytes < text.length / 2,
      })
    },
  },
  {
    title: 'A hundred requests at once',
    prose: 'Six connections serve them all, each plate as soon as one is free.',
    play: playBurst,
  },
  {
    title: 'An upload with progress',
    prose: 'A body that is made while it is sent; memory holds a piece of it at a time.',
    play: playUpload,
  },
]

async function playBurst(props: ActProps): Promise<void> {
  const { stage, servers, signal } = props
  const lanes = new Lanes()
  await using client = new Client({
    baseUrl: `http://${servers.host}:${servers.httpPort}/`,
    connect: tapConnections(() => lanes.open()),
    pool: { perOrigin: CONNECTION_COUNT },
    timeout: ACT_TIMEOUT_MS,
    proxy: false,
    signal,
  })
  stage.call(`await Promise.all(plates.map((n) => client.get(\`plate/\${n}\`).text()))`)
  const startedAt = performance.now()
  const numbers = Array.from({ length: PLATE_COUNT }, (_, i) => i)
  const texts = await Promise.all(numbers.map((n) => client.get(`plate/${n}`).text()))
  const tookMs = performance.now() - startedAt
  for (const line of lanes.format(stage.columns - 8, stage.colors)) stage.line(`    ${line}`)
  stage.verdict(`${texts.length} answers over ${lanes.count} connections in ${formatMs(tookMs)}`, {
    'a plate for each': texts.every((text, n) => text === PLATES[n % PLATES.length]),
    'six connections': lanes.count === CONNECTION_COUNT,
    'each answered once': lanes.requests === PLATE_COUNT,
  })
}

async function playUpload(props: ActProps): Promise<void> {
  const { stage } = props
  await using client = clientFor(props, {}, false)
  stage.call("await client.put('/pantry', { body: makeSpam(), onProgress })")
  const piece = Buffer.alloc(UPLOAD_PIECE, 'spam ')
  const makeSpam = function* (): Generator<Uint8Array> {
    for (let sent = 0; sent < UPLOAD_BYTES; sent += UPLOAD_PIECE) yield piece
  }
  const shown: string[] = []
  let told = 0
  const response = await client.put('/pantry', {
    body: makeSpam,
    headers: { 'content-length': String(UPLOAD_BYTES) },
    onProgress: ({ phase, bytes, bytesPerSecond }) => {
      if (phase !== 'upload') return
      told++
      if (bytes < (UPLOAD_BYTES * shown.length) / 3 || shown.length > 3) return
      shown.push(
        formatProgress({ name: 'spam', bytes, total: UPLOAD_BYTES, bytesPerSecond }, stage.columns - 5),
      )
    },
  })
  const digest = await response.text()
  for (const line of shown) stage.line(`    ${stage.colors.dim(line)}`)
  const expected = digestOf(Buffer.alloc(UPLOAD_BYTES, piece))
  stage.verdict(`${response.status} ${response.reason}, ${formatBytes(UPLOAD_BYTES)} kept`, {
    'status 201': response.status === 201,
    'the digest of what was sent': digest === expected,
    'progress was told': told > 0 && shown.length > 0,
  })
}

/** A client whose connections are on the stage. */
function clientFor({ stage, servers, signal }: ActProps, options: ClientOptions, showsBodies = true): Client {
  const view = showsBodies ? stage.view : stage.makeView(false)
  return new Client({
    baseUrl: `http://${servers.host}:${servers.httpPort}/`,
    connect: tapConnections(() => view),
    timeout: ACT_TIMEOUT_MS,
    proxy: false,
    signal,
    ...options,
  })
}

function summarize({ status, reason, timings }: HTTPResponse, length: number): string {
  const ms = (timings.headers ?? 0) + (timings.body ?? 0)
  return `${status} ${reason}, ${length} bytes in ${formatMs(ms)}`
}

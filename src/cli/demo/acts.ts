/** The acts of the demo: real exchanges, each of which says what it expects and checks it. */

import { HTTPConnection } from '../../connection/http-connection.ts'
import { HTTPSConnection } from '../../connection/https-connection.ts'
import type { HTTPResponse } from '../../core/response.ts'
import { RemoteProtocolError } from '../../errors/index.ts'
import { formatMs } from '../show/amounts.ts'
import { tapConnections } from '../show/wire-tap.ts'
import { DEMO_CA } from './certificate.ts'
import { type DemoServers, digestOf, PAGE, REPORT_PARTS } from './servers.ts'
import type { Stage } from './stage.ts'

/** What an act plays with. */
export interface ActProps {
  readonly stage: Stage
  readonly servers: DemoServers
  readonly signal: AbortSignal
}

export interface Act {
  readonly title: string
  readonly transport: string
  readonly prose: string
  readonly play: (connection: HTTPConnection, stage: Stage) => Promise<void>
}

/** A connection for an act, with its wire on the stage. */
export function connectFor(act: Act, { stage, servers, signal }: ActProps): HTTPConnection {
  const options = { connect: tapConnections(() => stage.view), signal, timeout: ACT_TIMEOUT_MS }
  return act.transport === 'HTTPS'
    ? new HTTPSConnection(servers.host, servers.httpsPort, { ...options, tls: { ca: DEMO_CA } })
    : new HTTPConnection(servers.host, servers.httpPort, options)
}

/** Loopback needs a hundredth of it; a demo that hangs is worse than one that fails. */
const ACT_TIMEOUT_MS = 5_000

const FORM = 'spam=1&eggs=2&bacon=0'
const RECIPE = 'Put spam on the plate.\nPut spam on the spam.\nServe with spam.\n'

export const ACTS: readonly Act[] = [
  {
    title: 'Two requests on one connection',
    transport: 'HTTP',
    prose: 'A page, then one that is not there: the first session of the old manual.',
    play: playTwoRequests,
  },
  {
    title: 'A form',
    transport: 'HTTP',
    prose: 'Content-Length is counted, nothing else is added: the second session.',
    play: async (connection, stage) => {
      stage.call("await conn.request('POST', '/cgi-bin/query', form, headers)")
      const headers = { 'Content-type': 'application/x-www-form-urlencoded', Accept: 'text/plain' }
      await connection.request('POST', '/cgi-bin/query', FORM, headers)
      const response = await connection.getResponse()
      const text = await response.text()
      stage.verdict(summarize(response, text.length), {
        'status 200': response.status === 200,
        'the three dishes': text === 'You ordered: spam 1, eggs 2, bacon 0.\n',
      })
    },
  },
  {
    title: 'The same with TLS',
    transport: 'HTTPS',
    prose: 'The certificate is verified, against an authority that the demo trusts.',
    play: playTwoRequests,
  },
  {
    title: 'A body of unknown length, with trailers',
    transport: 'HTTP',
    prose: 'A size in hexadecimal before each chunk; the digest comes when it is known.',
    play: async (connection, stage) => {
      stage.call("await conn.request('GET', '/report')")
      await connection.request('GET', '/report')
      const response = await connection.getResponse()
      const bytes = await response.read()
      const digest = response.trailers.get('content-digest')
      stage.verdict(`${summarize(response, bytes.length)}, digest in the trailer is right`, {
        'status 200': response.status === 200,
        'the whole report': bytes.toString() === REPORT_PARTS.join(''),
        'the digest in the trailer': digest === digestOf(bytes),
      })
    },
  },
  {
    title: 'An early hint',
    transport: 'HTTP',
    prose: 'A 103 comes while the server still thinks; it is never taken for the answer.',
    play: async (connection, stage) => {
      stage.call("await conn.request('GET', '/menu')")
      await connection.request('GET', '/menu')
      const response = await connection.getResponse()
      const text = await response.text()
      const [hint] = response.informational
      stage.verdict(
        `${summarize(response, text.length)}, after a ${hint?.status ?? 'missing 103'} with a Link`,
        {
          'status 200': response.status === 200,
          'one 103 before it': response.informational.length === 1 && hint?.status === 103,
          'its Link': hint?.headers.get('link') === '</menu.css>; rel=preload; as=style',
          'the page': text === PAGE,
        },
      )
    },
  },
  {
    title: 'An upload that asks first',
    transport: 'HTTP',
    prose: 'The body waits for a 100: a refusal would have cost no more than a head.',
    play: async (connection, stage) => {
      stage.call("await conn.request('PUT', '/recipe', text, {}, { expectContinue: true })")
      await connection.request('PUT', '/recipe', RECIPE, {}, { expectContinue: true })
      const response = await connection.getResponse()
      const text = await response.text()
      stage.verdict(summarize(response, text.length), {
        'status 201': response.status === 201,
        'a 100 before it': response.informational[0]?.status === 100,
        'every byte kept': text === `${RECIPE.length} bytes kept.\n`,
      })
    },
  },
  {
    title: 'A malformed response',
    transport: 'HTTP',
    prose: 'Two lengths that differ: a guess would let another message be smuggled in.',
    play: async (connection, stage) => {
      stage.call("await conn.request('GET', '/broken')")
      await connection.request('GET', '/broken')
      const error: unknown = await connection.getResponse().then(
        () => undefined,
        (reason: unknown) => reason,
      )
      if (!(error instanceof RemoteProtocolError)) {
        stage.verdict('it was not refused', { 'an error': false })
        return
      }
      stage.verdict(`refused: ${error.name}, ${error.code}`, {
        'the code': error.code === 'DIFFERING_CONTENT_LENGTH',
        'where it is': error.offset !== undefined && error.bytes !== undefined,
      })
      stage.detail('rule', error.rule)
      stage.detail('where', `byte ${error.offset} of the stream`)
      stage.detail('bytes', `"${error.bytes}"`)
    },
  },
]

async function playTwoRequests(connection: HTTPConnection, stage: Stage): Promise<void> {
  for (const [target, status, reason] of [
    ['/index.html', 200, 'OK'],
    ['/parrot.spam', 404, 'Not Found'],
  ] as const) {
    const isFirst = !connection.isConnected
    stage.call(`await conn.request('GET', '${target}')`)
    await connection.request('GET', target)
    const response = await connection.getResponse()
    const bytes = await response.read()
    const reuse = isFirst ? '' : ', on the same connection'
    stage.verdict(`${summarize(response, bytes.length)}${reuse}`, {
      [`status ${status} ${reason}`]: response.status === status && response.reason === reason,
      'the page': target !== '/index.html' || bytes.toString() === PAGE,
      'one connection': isFirst === (response.timings.connect !== undefined),
    })
  }
}

function summarize({ status, reason, timings }: HTTPResponse, length: number): string {
  return `${status} ${reason}, ${length} bytes in ${formatMs((timings.headers ?? 0) + (timings.body ?? 0))}`
}

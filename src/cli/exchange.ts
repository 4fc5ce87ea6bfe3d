/**
 * Carries a plan out: one connection, one request, one response, written to the output as it comes. Decides nothing about the
 * request; it is all in the plan.
 */

import { HTTPConnection } from '../connection/http-connection.ts'
import { HTTPSConnection } from '../connection/https-connection.ts'
import type { HTTPConnectionOptions } from '../connection/options.ts'
import type { FieldLine } from '../core/fields.ts'
import type { HTTPResponse } from '../core/response.ts'
import { ConnectError, IncompleteRead, ProxyError, TimeoutError } from '../errors/index.ts'
import { adviceFor } from './advice.ts'
import { CommandFailure, reasonOf } from './failure.ts'
import type { Output } from './output.ts'
import type { Plan } from './plan.ts'
import { expectsContinue } from './request-head.ts'
import { tapConnections } from './wire-tap.ts'
import { formatMs, type WireView } from './wire-view.ts'

/** What an exchange needs besides its plan. */
export interface ExchangeTools {
  readonly signal: AbortSignal
  /** Opens the output; called when there is something to be written. */
  readonly openOutput: () => Output
  /** Undefined to show nothing. */
  readonly view: WireView | undefined
}

/** How long finding and reaching the host may take where nothing is said, in milliseconds: then it does not answer. */
const CONNECT_TIMEOUT_MS = 30_000

/**
 * Makes the exchange that the plan says.
 * @throws CommandFailure, errors of the library, `signal.reason`
 */
export async function performExchange(plan: Plan, tools: ExchangeTools): Promise<void> {
  const connection = makeConnection(plan, tools)
  const endsAtMs = performance.now() + (plan.maxTimeMs ?? Infinity)
  try {
    // What must not be sent is refused before anything is dialled.
    beginRequest(connection, plan)
    tools.view?.beginExchange()
    await open(connection)
    tools.view?.beginExchange()
    await send(connection, plan, endsAtMs)
    const response = await connection.getResponse()
    await writeResponse(response, plan, tools)
    tools.view?.endExchange()
    noteResponse(response, tools.view)
  } catch (error) {
    tools.view?.endExchange()
    throw plan.maxTimeMs !== undefined && error instanceof TimeoutError && error.phase === 'total'
      ? tooSlow(plan.maxTimeMs, error)
      : error
  } finally {
    connection.close()
  }
}

function makeConnection(plan: Plan, { signal, view }: ExchangeTools): HTTPConnection {
  const { target, proxy, socketPath, maxTimeMs = Infinity } = plan
  // As in curl, a peer may be silent for as long as it likes where no limit is given.
  const patience = { send: Infinity, headers: Infinity, body: Infinity, total: maxTimeMs }
  const connectMs = Math.max(CONNECT_TIMEOUT_MS, maxTimeMs === Infinity ? 0 : maxTimeMs)
  const options: HTTPConnectionOptions = {
    timeout: { dns: connectMs, connect: connectMs, tls: connectMs, ...patience },
    signal,
    socketPath,
    ...(view !== undefined && { connect: tapConnections(view) }),
  }
  const { host, port } = proxy ?? target
  const connection =
    target.scheme === 'https'
      ? new HTTPSConnection(host, port, { ...options, tls: plan.tls })
      : new HTTPConnection(host, port, options)
  if (proxy !== undefined) {
    const fields: FieldLine[] = []
    if (proxy.authorization !== undefined) fields.push(['Proxy-Authorization', proxy.authorization])
    if (plan.userAgent !== '') fields.push(['User-Agent', plan.userAgent])
    connection.setTunnel(target.host, target.port, fields)
  }
  return connection
}

async function open(connection: HTTPConnection): Promise<void> {
  try {
    await connection.connect()
  } catch (error) {
    if (error instanceof ProxyError && error.status === 407) {
      throw new CommandFailure('proxy', error.summary, '-x USER:PASSWORD@HOST:PORT', { cause: error })
    }
    if (error instanceof ConnectError && error.code === 'TLS_FAILED' && isAboutKeys(error.cause)) {
      const what = `the certificate or key cannot be used (${reasonOf(error.cause)})`
      throw new CommandFailure(
        'usage',
        what,
        '--cert and --key that belong together, with their passphrase',
        {
          cause: error,
        },
      )
    }
    throw error
  }
}

/** Whether OpenSSL refused what it was given to work with; what it says of a PKCS#12 file has no code. */
function isAboutKeys(cause: unknown): boolean {
  return /^ERR_(?:OSSL|CRYPTO|TLS)_|mac verify failure|PFX|PKCS|not enough data/.test(reasonOf(cause))
}

function beginRequest(connection: HTTPConnection, { method, target, fields }: Plan): void {
  connection.putRequest(method, target.path, { skipHost: true, skipAcceptEncoding: true })
  for (const [name, value] of fields) connection.putHeader(name, value)
}

async function send(connection: HTTPConnection, { fields, body }: Plan, endsAtMs: number): Promise<void> {
  const left = Math.max(1, endsAtMs - performance.now())
  await connection.endHeaders(body, {
    timeout: { total: left },
    expectContinue: body !== undefined && expectsContinue(fields),
  })
}

async function writeResponse(response: HTTPResponse, plan: Plan, tools: ExchangeTools): Promise<void> {
  const output = tools.openOutput()
  if (plan.writesHead) {
    for (const { status, reason, headers } of response.informational)
      await output.write(formatHead(response.version, status, reason, [...headers]))
    await output.write(formatHead(response.version, response.status, response.reason, response.rawHeaders))
  }
  await writeBody(response, output)
  const trailers = [...response.trailers]
  if (plan.writesHead && trailers.length > 0) await output.write(formatFields(trailers))
  await output.end()
}

/** Writes what comes as it comes; of a body that breaks off, everything that came. */
async function writeBody(response: HTTPResponse, output: Output): Promise<void> {
  let count = 0
  try {
    for await (const piece of response) {
      count += piece.length
      await output.write(piece)
    }
  } catch (error) {
    if (!(error instanceof IncompleteRead)) throw error
    await output.write(error.partial)
    await output.end()
    count += error.partial.length
    const more =
      error.expected === undefined ? 'the end of it did not come' : `${error.expected} more were to come`
    throw new CommandFailure(
      'incomplete-body',
      `the body broke off after ${count} bytes; ${more}`,
      adviceFor('INCOMPLETE_BODY'),
      { cause: error },
    )
  }
}

function formatHead(version: number, status: number, reason: string, fields: readonly FieldLine[]): Buffer {
  const line = `HTTP/${(version / 10).toFixed(1)} ${status} ${reason}\r\n`
  return Buffer.concat([Buffer.from(line, 'latin1'), formatFields(fields), Buffer.from('\r\n')])
}

function formatFields(fields: readonly FieldLine[]): Buffer {
  return Buffer.from(fields.map(([name, value]) => `${name}: ${value}\r\n`).join(''), 'latin1')
}

function noteResponse(response: HTTPResponse, view: WireView | undefined): void {
  if (view === undefined) return
  for (const defect of response.defects) view.note(`let through: ${defect}`)
  for (const [name, value] of response.trailers) view.noteField('trailer', name, value)
  const { headers = 0, body = 0 } = response.timings
  view.note(`head after ${formatMs(headers)}, ${view.receivedBodyBytes} bytes of body in ${formatMs(body)}`)
  if (response.status >= 300 && response.status < 400 && response.headers.has('location'))
    view.note('a redirect, which is not followed')
}

function tooSlow(maxTimeMs: number, cause: unknown): CommandFailure {
  const what = `the exchange was not over after ${maxTimeMs / 1000} s (--max-time)`
  return new CommandFailure('timeout', what, adviceFor('TIMEOUT_TOTAL'), { cause })
}

/** An error of the library in the words of the command: by the options that a person at a terminal has. */

import { ConnectError, HTTPException, IncompleteRead, ProxyError, TimeoutError } from '../../errors/index.ts'
import { adviceFor } from '../tell/advice.ts'
import { CommandFailure, reasonOf } from '../tell/failure.ts'
import { DEFAULT_SPEED_SECONDS } from './pace.ts'
import type { Plan } from './plan.ts'
import type { TransferRecord } from './record.ts'

/** The error to be told; the same one where there is nothing better. */
export function explainError(error: unknown, plan: Plan, record: TransferRecord): unknown {
  if (!HTTPException.isHTTPException(error)) return error
  const { maxTime, connectTimeout } = plan.options
  if (error instanceof TimeoutError) {
    if (error.phase === 'minSpeed') {
      const { speedLimit = 1, speedTime = DEFAULT_SPEED_SECONDS } = plan.options
      return new CommandFailure(
        'timeout',
        `the body moved by less than ${speedLimit} bytes a second for ${speedTime} s (-Y, -y)`,
        'a smaller -Y, or a longer -y',
        { cause: error, why: `${record.sizeDownload} bytes had come` },
      )
    }
    if (maxTime !== undefined && error.phase === 'total')
      return tooSlow(`the exchange was not over after ${maxTime} s`, '--max-time', 'TIMEOUT_TOTAL', error)
    if (
      connectTimeout !== undefined &&
      (error.phase === 'dns' || error.phase === 'connect' || error.phase === 'tls')
    )
      return tooSlow(
        `there was no connection after ${connectTimeout} s`,
        '--connect-timeout',
        error.code,
        error,
      )
  }
  if (error instanceof ProxyError && error.status === 407)
    return new CommandFailure('connection-lost', 'the proxy wants to know you', '-U USER:PASSWORD', {
      cause: error,
      why: error.summary,
    })
  if (error.code === 'DNS_FAILED' && error.proxy !== undefined)
    return new CommandFailure('proxy-dns', 'the name of the proxy could not be resolved', 'another -x', {
      cause: error,
      why: error.proxy,
    })
  const { unixSocket } = plan.options
  if (unixSocket !== undefined && error instanceof ConnectError && error.phase === 'tcp')
    return new CommandFailure(
      'connect',
      'no connection could be made',
      'another --unix-socket, or check that a server listens there',
      { cause: error, why: `${unixSocket} (${reasonOf(error.cause)})` },
    )
  if (error.code === 'PROXY_FAILED' && isOfSocks(error.proxy, plan))
    return new CommandFailure('proxy', 'the SOCKS proxy made no connection', 'another -x', {
      cause: error,
      why: error.summary,
    })
  if (plan.options.interface !== undefined && reasonOf(error.cause) === 'EADDRNOTAVAIL')
    return new CommandFailure(
      'interface',
      `${plan.options.interface} is no address of this machine`,
      '--interface with one of this machine',
      { cause: error },
    )
  const [, scheme] = /its scheme is ([\w+.-]+)/.exec(error.summary) ?? []
  if (error.code === 'REDIRECT_LOCATION' && scheme !== undefined)
    return new CommandFailure(
      'scheme',
      `the redirect leads to ${scheme}:, which is not spoken here`,
      'without -L',
      {
        cause: error,
      },
    )
  if (error instanceof IncompleteRead && error.code === 'INCOMPLETE_BODY') return brokenOff(error, record)
  if (error instanceof ConnectError && reasonOf(error.cause) === 'ERR_SSL_NO_CIPHER_MATCH')
    return new CommandFailure('ciphers', 'no cipher suite of --ciphers can be used', 'another --ciphers', {
      cause: error,
    })
  if (error instanceof ConnectError && error.code === 'TLS_FAILED' && isAboutKeys(error.cause)) {
    const advice = '--cert and --key that belong together, with their passphrase'
    return new CommandFailure('client-certificate', 'the certificate or key cannot be used', advice, {
      cause: error,
      why: reasonOf(error.cause),
    })
  }
  return error
}

/** Whether the proxy at this place is asked in the words of SOCKS. */
function isOfSocks(place: string | undefined, { proxy, target: { url } }: Plan): boolean {
  const all = typeof proxy === 'function' ? proxy(url) : proxy
  if (place === undefined || typeof all !== 'object' || all === null) return false
  const urls = ('http' in all ? [all.http, all.https] : [all])
    .flat()
    .map((one) => (typeof one === 'object' && 'url' in one ? String(one.url) : ''))
  return urls.some((url) => url.startsWith('socks') && url.replace(/^.*(?:@|:\/\/)/s, '') === place)
}

function tooSlow(
  what: string,
  option: string,
  code: Parameters<typeof adviceFor>[0],
  cause: HTTPException,
): CommandFailure {
  return new CommandFailure('timeout', `${what} (${option})`, adviceFor(code), { cause, why: howFar(cause) })
}

/** How far it had come, in words. */
function howFar({ phase, address = 'the peer', timings = {} }: HTTPException): string {
  const { dns, connect, headers } = timings
  const isLate = phase !== 'total'
  if (headers !== undefined)
    return `${address} answered after ${Math.round(headers)} ms, and the body has not ended`
  if (connect !== undefined)
    return `${address} took the connection after ${Math.round(connect)} ms, and has not answered`
  const place = isLate && phase !== undefined ? PHASES[phase] : undefined
  return (
    place ??
    (dns === undefined
      ? `no connection to ${address} had been made`
      : `${address} had not taken the connection`)
  )
}

const PHASES: Partial<Readonly<Record<string, string>>> = {
  dns: 'the name had not been found',
  tls: 'the TLS handshake was not over',
}

function brokenOff(error: IncompleteRead, { sizeDownload }: TransferRecord): CommandFailure {
  const more =
    error.expected === undefined ? 'the end of it did not come' : `${error.expected} more were to come`
  return new CommandFailure(
    'incomplete-body',
    `the body broke off after ${sizeDownload} bytes`,
    adviceFor('INCOMPLETE_BODY'),
    {
      cause: error,
      why: more,
    },
  )
}

/** Whether OpenSSL refused what it was given to work with; what it says of a PKCS#12 file has no code. */
function isAboutKeys(cause: unknown): boolean {
  return /^ERR_(?:OSSL|CRYPTO|TLS)_|mac verify failure|PFX|PKCS|not enough data/.test(reasonOf(cause))
}

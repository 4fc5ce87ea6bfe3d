/**
 * Options for Node's `connect` functions, which read what they are not told through the prototype.
 *
 * Security: what another package wrote onto `Object.prototype` must lead no connection elsewhere, and must make nobody
 * trusted: every name that decides it is an own property, `undefined` where it is not said.
 */

/** What decides where a socket leads, and who may end it. */
const SOCKET_NAMES: readonly string[] = [
  'path',
  'host',
  'port',
  'localAddress',
  'localPort',
  'family',
  'hints',
  'lookup',
  'autoSelectFamily',
  'autoSelectFamilyAttemptTimeout',
  'fd',
  'handle',
  'signal',
  'timeout',
  'onread',
  'blockList',
  'allowHalfOpen',
  'pauseOnCreate',
  'highWaterMark',
  'readableHighWaterMark',
  'writableHighWaterMark',
  'objectMode',
  'readableObjectMode',
  'writableObjectMode',
  'encoding',
  'readable',
  'writable',
  'keepAlive',
  'keepAliveInitialDelay',
  'noDelay',
]

/** What decides whom TLS trusts, who we are and what is agreed on. Not among them is what Node has a default for. */
const TLS_NAMES: readonly string[] = [
  'ca',
  'cert',
  'key',
  'pfx',
  'passphrase',
  'crl',
  'secureContext',
  'socket',
  'session',
  'servername',
  'ALPNProtocols',
  'ALPNCallback',
  'SNICallback',
  'pskCallback',
  'minVersion',
  'maxVersion',
  'secureProtocol',
  'secureOptions',
  'honorCipherOrder',
  'ecdhCurve',
  'sigalgs',
  'dhparam',
  'sessionIdContext',
  'ticketKeys',
  'sessionTimeout',
  'privateKeyIdentifier',
  'privateKeyEngine',
  'clientCertEngine',
  'requestOCSP',
  'isServer',
  'server',
  'requestCert',
  'enableTrace',
  'pipe',
  'allowPartialTrustChain',
  'requestTimeout',
]

function unsaid(names: readonly string[]): Readonly<Record<string, undefined>> {
  return Object.freeze(Object.fromEntries(names.map((name) => [name, undefined])))
}

const UNSAID_FOR_SOCKETS = unsaid(SOCKET_NAMES)
const UNSAID_FOR_TLS = unsaid(TLS_NAMES)

/** Options for `net.connect`: what they do not say is not said. */
export function ownSocketOptions<T extends object>(options: T): T {
  return { ...UNSAID_FOR_SOCKETS, ...options }
}

/** Options for `tls.connect`. */
export function ownTlsOptions<T extends object>(options: T): T {
  return { ...UNSAID_FOR_SOCKETS, ...UNSAID_FOR_TLS, ...options }
}

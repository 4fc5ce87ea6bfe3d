/** What other clients call an option, and what it is called here: for those who move over, and for those who mix them up. */

const VERBS = 'the verbs of the promise: .json(), .text(), .bytes()'
const AGENT = 'pool, tls, proxy, socketPath or localAddress'
const REDIRECT = 'redirect: false, or how many'
const TLS = 'tls: { ca, cert, key, verify }'
const BASIC = 'auth: { basic: [user, password] }'
const BODY = 'json, form or body: say which kind it is'
const SIZE = 'limits: { body }'
const ERRORS = 'throwOnError'
const HOOKS = 'hooks, or a layer'
const LOOKUP = 'dns: { lookup, family }'
const QUERY = 'query'
const PROGRESS = 'onProgress'
const BASE = 'baseUrl'

/** Of got, axios, ky, node-fetch, undici, node:http and Python's requests. */
export const MEANT: ReadonlyMap<string, string> = new Map([
  ['agent', AGENT],
  ['allow_redirects', REDIRECT],
  ['allowRedirects', REDIRECT],
  ['baseURL', BASE],
  ['beforeRequest', 'hooks: { beforeRequest }'],
  ['bodyTimeout', 'timeout: { body }'],
  ['ca', TLS],
  ['cert', TLS],
  ['compress', 'decompress: false'],
  ['connections', 'pool: { perOrigin, total }'],
  ['connectTimeout', 'timeout: { connect }'],
  ['cookieJar', 'cookies'],
  ['data', BODY],
  ['dispatcher', AGENT],
  ['dnsCache', 'dns: { cache }'],
  ['dnsLookup', LOOKUP],
  ['family', LOOKUP],
  ['fetch', 'connect, or a layer'],
  ['files', 'body: new FormData()'],
  ['follow', REDIRECT],
  ['followRedirect', REDIRECT],
  ['followRedirects', REDIRECT],
  ['headersTimeout', 'timeout: { headers }'],
  ['httpAgent', AGENT],
  ['https', TLS],
  ['httpsAgent', AGENT],
  ['interceptors', HOOKS],
  ['jar', 'cookies'],
  ['keepAliveTimeout', 'pool: { idleMs }'],
  ['key', TLS],
  ['lookup', LOOKUP],
  ['maxBodyLength', SIZE],
  ['maxContentLength', SIZE],
  ['maxRedirections', REDIRECT],
  ['maxRedirects', REDIRECT],
  ['maxRequestsPerClient', 'pool: { maxUses }'],
  ['maxSockets', 'pool: { perOrigin, total }'],
  ['onDownloadProgress', PROGRESS],
  ['onUploadProgress', PROGRESS],
  ['params', QUERY],
  ['password', BASIC],
  ['pipelining', 'pool: { pipelining }'],
  ['prefix', BASE],
  ['prefixUrl', BASE],
  ['raise_for_status', ERRORS],
  ['rejectUnauthorized', 'tls: { verify: false }'],
  ['resolveBodyOnly', VERBS],
  ['responseType', VERBS],
  ['retries', 'retry'],
  ['searchParams', QUERY],
  ['size', SIZE],
  ['throwHttpErrors', ERRORS],
  ['throwOnHttpError', ERRORS],
  ['totalTimeout', 'timeout: { total }'],
  ['transformRequest', HOOKS],
  ['transformResponse', HOOKS],
  ['username', BASIC],
  ['validateStatus', ERRORS],
  ['verify', TLS],
  ['withCredentials', 'cookies'],
])

/**
 * What may be meant with a name that is no option there.
 * @param elsewhere - where the name is an option, if it is one anywhere
 */
export function meantOption(name: string, elsewhere: string | undefined): string | undefined {
  return elsewhere ?? MEANT.get(name)
}

/** What the command line says, read: one value for each operation, with the long names of the options in camel case. */

/** One piece of a body: of `-d` and its kin, in the order given. */
export interface DataPiece {
  readonly kind: 'ascii' | 'binary' | 'raw' | 'urlencode' | 'json'
  readonly text: string
}

/** One part of a form: of `-F` or `--form-string`. */
export interface FormPiece {
  readonly text: string
  /** True where the value is itself, whatever it begins with. */
  readonly isLiteral: boolean
}

/** Where the body of one URL goes: a file by name, or one named as the remote one is. */
export type OutputWord = { readonly kind: 'file'; readonly name: string } | { readonly kind: 'remote' }

type Flags =
  | 'anyauth'
  | 'basic'
  | 'compressed'
  | 'createDirs'
  | 'digest'
  | 'disable'
  | 'explain'
  | 'fail'
  | 'failEarly'
  | 'failWithBody'
  | 'formEscape'
  | 'get'
  | 'globoff'
  | 'head'
  | 'http0_9'
  | 'http1_0'
  | 'http1_1'
  | 'include'
  | 'insecure'
  | 'ipv4'
  | 'ipv6'
  | 'junkSessionCookies'
  | 'keepalive'
  | 'location'
  | 'locationTrusted'
  | 'buffer'
  | 'clobber'
  | 'netrc'
  | 'netrcOptional'
  | 'parallel'
  | 'parallelImmediate'
  | 'pathAsIs'
  | 'plain'
  | 'post301'
  | 'post302'
  | 'post303'
  | 'progressBar'
  | 'progressMeter'
  | 'proxyBasic'
  | 'proxyDigest'
  | 'proxyInsecure'
  | 'proxytunnel'
  | 'raw'
  | 'remoteHeaderName'
  | 'remoteNameAll'
  | 'remoteTime'
  | 'removeOnError'
  | 'resume'
  | 'retryAllErrors'
  | 'retryConnrefused'
  | 'showError'
  | 'silent'
  | 'styledOutput'
  | 'socks5Basic'
  | 'suppressConnectHeaders'
  | 'tcpNodelay'
  | 'timings'
  | 'tlsv1'
  | 'tlsv1_0'
  | 'tlsv1_1'
  | 'tlsv1_2'
  | 'tlsv1_3'
  | 'traceTime'
  | 'variableFree'
  | 'verbose'

type Texts =
  | 'cacert'
  | 'capath'
  | 'cert'
  | 'certType'
  | 'ciphers'
  | 'continueAt'
  | 'cookieJar'
  | 'crlfile'
  | 'dumpHeader'
  | 'etagCompare'
  | 'etagSave'
  | 'har'
  | 'hsts'
  | 'interface'
  | 'key'
  | 'keyType'
  | 'netrcFile'
  | 'noproxy'
  | 'oauth2Bearer'
  | 'outputDir'
  | 'pass'
  | 'pinnedpubkey'
  | 'preproxy'
  | 'proto'
  | 'protoDefault'
  | 'protoRedir'
  | 'proxy'
  | 'proxyCacert'
  | 'proxyCapath'
  | 'proxyCert'
  | 'proxyCertType'
  | 'proxyCiphers'
  | 'proxyCrlfile'
  | 'proxyKey'
  | 'proxyKeyType'
  | 'proxyPass'
  | 'proxyPinnedpubkey'
  | 'proxyTls13Ciphers'
  | 'proxyUser'
  | 'range'
  | 'referer'
  | 'request'
  | 'requestTarget'
  | 'socks4'
  | 'socks4a'
  | 'socks5'
  | 'socks5Hostname'
  | 'stderr'
  | 'timeCond'
  | 'tls13Ciphers'
  | 'tlsMax'
  | 'to'
  | 'trace'
  | 'traceAscii'
  | 'unixSocket'
  | 'user'
  | 'userAgent'
  | 'waterfall'
  | 'writeOut'

type Numbers =
  | 'bench'
  | 'connectTimeout'
  | 'expect100Timeout'
  | 'happyEyeballsTimeoutMs'
  | 'keepaliveTime'
  | 'limitRate'
  | 'maxFilesize'
  | 'maxRedirs'
  | 'maxTime'
  | 'parallelMax'
  /** Milliseconds from the beginning of one transfer to that of the next. */
  | 'rate'
  | 'retry'
  | 'retryDelay'
  | 'retryMaxTime'
  | 'speedLimit'
  | 'speedTime'

type Lists =
  | 'config'
  | 'connectTo'
  | 'cookie'
  | 'header'
  | 'proxyHeader'
  | 'resolve'
  | 'uploadFile'
  | 'url'
  | 'urlQuery'

/** The options of one operation. Times are seconds, sizes bytes; what is not said is not there. */
export type Options = {
  readonly [K in Flags]?: boolean
} & {
  readonly [K in Texts]?: string
} & {
  readonly [K in Numbers]?: number
} & {
  readonly [K in Lists]?: readonly string[]
} & {
  readonly data?: readonly DataPiece[]
  readonly form?: readonly FormPiece[]
  readonly outputs?: readonly OutputWord[]
}

export type OptionName = keyof Options

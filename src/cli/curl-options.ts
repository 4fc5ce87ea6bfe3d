/**
 * The options of curl that this command does not have, so that it can call them by their name instead of guessing at a
 * misspelling, and say what to do instead where there is something. An option that is added to options-table.ts leaves here.
 */

import { OPTIONS } from './options-table.ts'

/** An option of curl that was met, and what to do. */
export interface CurlOption {
  /** As it was written: `-L` or `--location`. */
  readonly name: string
  readonly instead: string
}

/** curl's manual lists them; a name with `no-` in front of it is known too. */
const LONG: ReadonlySet<string> = new Set(
  `
  abstract-unix-socket alt-svc anyauth append aws-sigv4 basic ca-native capath cert-status cert-type
  ciphers compressed compressed-ssh config connect-timeout connect-to continue-at cookie cookie-jar
  create-dirs create-file-mode crlf crlfile curves data-ascii data-raw data-urlencode delegation digest
  disable disable-eprt disable-epsv disallow-username-in-url dns-interface dns-ipv4-addr dns-ipv6-addr
  dns-servers doh-cert-status doh-insecure doh-url dump-ca-embed dump-header ech egd-file engine
  etag-compare etag-save expect100-timeout fail fail-early fail-with-body false-start follow form
  form-escape form-string ftp-account ftp-alternative-to-user ftp-create-dirs ftp-method ftp-pasv
  ftp-port ftp-pret ftp-skip-pasv-ip ftp-ssl-ccc ftp-ssl-ccc-mode ftp-ssl-control get globoff
  happy-eyeballs-timeout-ms haproxy-clientip haproxy-protocol hostpubmd5 hostpubsha256 hsts http0.9
  http1.0 http1.1 http2 http2-prior-knowledge http3 http3-only ignore-content-length interface ip-tos
  ipfs-gateway ipv4 ipv6 json junk-session-cookies keepalive-cnt keepalive-time key-type knownhosts krb
  libcurl limit-rate list-only local-port location location-trusted login-options mail-auth mail-from
  mail-rcpt mail-rcpt-allowfails manual max-filesize max-redirs metalink mptcp negotiate netrc netrc-file
  netrc-optional next no-alpn no-buffer no-clobber no-keepalive no-npn no-progress-meter no-sessionid
  noproxy ntlm ntlm-wb oauth2-bearer out-null output-dir parallel parallel-immediate parallel-max
  parallel-max-host pass path-as-is pinnedpubkey post301 post302 post303 preproxy progress-bar proto
  proto-default proto-redir proxy-anyauth proxy-basic proxy-ca-native proxy-cacert proxy-capath
  proxy-cert proxy-cert-type proxy-ciphers proxy-crlfile proxy-digest proxy-header proxy-http2
  proxy-insecure proxy-key proxy-key-type proxy-negotiate proxy-ntlm proxy-pass proxy-pinnedpubkey
  proxy-service-name proxy-ssl-allow-beast proxy-ssl-auto-client-cert proxy-tls13-ciphers
  proxy-tlsauthtype proxy-tlspassword proxy-tlsuser proxy-tlsv1 proxy-user proxy1.0 proxytunnel pubkey
  quote random-file range rate raw referer remote-header-name remote-name remote-name-all remote-time
  remove-on-error request-target resolve retry retry-all-errors retry-connrefused retry-delay
  retry-max-time sasl-authzid sasl-ir service-name show-error sigalgs silent skip-existing socks4 socks4a
  socks5 socks5-basic socks5-gssapi socks5-gssapi-nec socks5-gssapi-service socks5-hostname speed-limit
  speed-time ssl ssl-allow-beast ssl-auto-client-cert ssl-no-revoke ssl-reqd ssl-revoke-best-effort sslv2
  sslv3 stderr styled-output suppress-connect-headers tcp-fastopen tcp-nodelay telnet-option tftp-blksize
  tftp-no-options time-cond tls-max tls13-ciphers tlsauthtype tlspassword tlsuser tlsv1 tlsv1.0 tlsv1.1
  tlsv1.2 tlsv1.3 tr-encoding trace trace-ascii trace-config trace-ids trace-time upload-file
  upload-flags url url-query use-ascii variable vlan-priority write-out xattr
`
    .trim()
    .split(/\s+/),
)

/** Their short forms. */
const SHORT: Readonly<Record<string, string>> = {
  '#': 'progress-bar',
  '0': 'http1.0',
  '1': 'tlsv1',
  '2': 'sslv2',
  '3': 'sslv3',
  '4': 'ipv4',
  '6': 'ipv6',
  ':': 'next',
  a: 'append',
  B: 'use-ascii',
  b: 'cookie',
  C: 'continue-at',
  c: 'cookie-jar',
  D: 'dump-header',
  e: 'referer',
  F: 'form',
  f: 'fail',
  G: 'get',
  g: 'globoff',
  J: 'remote-header-name',
  j: 'junk-session-cookies',
  K: 'config',
  L: 'location',
  l: 'list-only',
  M: 'manual',
  N: 'no-buffer',
  n: 'netrc',
  O: 'remote-name',
  P: 'ftp-port',
  p: 'proxytunnel',
  Q: 'quote',
  q: 'disable',
  R: 'remote-time',
  r: 'range',
  S: 'show-error',
  s: 'silent',
  T: 'upload-file',
  t: 'telnet-option',
  U: 'proxy-user',
  w: 'write-out',
  Y: 'speed-limit',
  y: 'speed-time',
  Z: 'parallel',
  z: 'time-cond',
}

const LEAVE_OUT = 'leave it out'

/** What to do instead of the most common ones; the rest is left out. */
const INSTEAD: Readonly<Record<string, string>> = {
  location: 'leave it out; -i shows the Location of a redirect, and the next request is yours',
  'max-redirs': 'leave it out; redirects are not followed',
  silent: 'leave it out; nothing but the body is written, and errors in one line',
  'show-error': 'leave it out; errors are always told',
  'progress-bar': 'leave it out; there is no progress to show',
  'no-progress-meter': 'leave it out; there is none',
  fail: 'leave it out; -i or -v shows the status; no status is an error',
  'fail-with-body': 'leave it out; -i or -v shows the status; no status is an error',
  'remote-name': '-o FILE',
  'remote-name-all': '-o FILE',
  compressed: 'leave it out; the body comes as it is, and --output FILE and gunzip undo a coding',
  cookie: "-H 'Cookie: name=value'",
  'cookie-jar': '-i to see Set-Cookie',
  referer: "-H 'Referer: URL'",
  range: "-H 'Range: bytes=0-99'",
  json: "-d TEXT -H 'Content-Type: application/json' -H 'Accept: application/json'",
  'data-raw': '-d with a text that does not begin with @',
  'data-ascii': '-d',
  'data-urlencode': '-d with the text percent-encoded',
  get: 'the query as a part of the URL',
  'upload-file': 'PUT URL --data-binary @FILE',
  form: '-H with the Content-Type of the form, and --data-binary @FILE',
  'oauth2-bearer': "-H 'Authorization: Bearer TOKEN'",
  'connect-timeout': '-m SECONDS for all of it',
  'proxy-user': '-x USER:PASSWORD@HOST:PORT',
  proxytunnel: '-x alone: it always asks for a tunnel',
  socks5: '-x with an HTTP proxy',
  'socks5-hostname': '-x with an HTTP proxy',
  'http1.1': 'leave it out; HTTP/1.1 is what it speaks',
  http2: 'leave it out; HTTP/1.1 is what it speaks',
  'http1.0': 'leave it out; HTTP/1.1 is what it speaks',
  retry: 'again by hand, or in a loop of the shell',
  url: 'the URL as it is',
  noproxy: 'leave it out; proxies of the environment are not looked at',
  next: 'one command for each request',
  'write-out': '-v to see status and times',
  'dump-header': '-i, or -v',
  pass: '--cert FILE:PASSPHRASE',
  'tlsv1.2': 'leave it out; TLS 1.2 or newer is what it speaks',
  'tlsv1.3': 'leave it out; TLS 1.2 or newer is what it speaks',
}

/**
 * The option of curl that a word stands for: a long one, a short one, or the first in a group of short ones that is not ours.
 * @param word what was not understood, without a value
 * @param words all words: of a group commander names but a part
 */
export function findCurlOption(word: string, words: readonly string[]): CurlOption | undefined {
  if (word.startsWith('--')) {
    const long = word.slice(2)
    const known = LONG.has(long)
      ? long
      : LONG.has(long.replace(/^no-/, ''))
        ? long.replace(/^no-/, '')
        : undefined
    return known === undefined ? undefined : { name: word, instead: INSTEAD[long] ?? LEAVE_OUT }
  }
  const group = (words.find((one) => one.startsWith(word)) ?? word).slice(1)
  const letter = group.split('').find((one) => !OUR_LETTERS.has(one))
  const long = letter === undefined ? undefined : SHORT[letter]
  return long === undefined ? undefined : { name: `-${letter}`, instead: INSTEAD[long] ?? LEAVE_OUT }
}

const OUR_LETTERS: ReadonlySet<string> = new Set(
  ['V', 'h', ...OPTIONS.map(({ flags }) => /^-(.),/.exec(flags)?.[1] ?? '')].filter(
    (letter) => letter !== '',
  ),
)

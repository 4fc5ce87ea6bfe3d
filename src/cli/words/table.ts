/**
 * The options of the command, as one table, from which the parser, `--help`, docs/command.md and the completions of shells are
 * made. Names and meanings are curl's; where something is other than in curl, the row says what.
 *
 * Length: one table, read from top to bottom.
 */

import { type OptionRow, row } from './option-row.ts'

const GLOBAL = { isGlobal: true } as const
/** On unless `--no-` is said. */
const NO = { isOnByDefault: true } as const

/** What `--retry` takes for passing. */
export const RETRIED_STATUSES: readonly number[] = [408, 429, 500, 502, 503, 504]

const REQUEST: readonly OptionRow[] = [
  row(
    '-X, --request <method>',
    'text',
    'http',
    'the method; else GET, with a body POST, with -I HEAD, with -T PUT',
    {
      brief: 'the method; GET, with -d POST, with -T PUT',
      differs:
        'with -L, a redirect that asks for GET gets GET: curl repeats the method there, which its manual warns of; -X HEAD waits for no body',
    },
  ),
  row(
    '-H, --header <line>',
    'list',
    'http',
    '"Name: value"; "Name:" leaves a default out, "Name;" sends it empty; @FILE reads lines',
    {
      brief: '"Name: value"; @FILE reads lines',
      differs:
        'with -L, only what is known to be harmless goes to another host; --location-trusted sends all. What is no field name, a second Host, and a Content-Length that is not that of the body are refused; TE is named in Connection, too (RFC 9110 §10.1.4); a file that is not there, too',
    },
  ),
  row('-A, --user-agent <name>', 'text', 'http', 'instead of httplib/VERSION; "" sends none'),
  row('-e, --referer <URL>', 'text', 'http', 'where you come from; ";auto" at its end follows redirects', {
    differs: 'with -L, it goes to no other host',
  }),
  row('-I, --head', 'flag', 'http', 'ask for the head alone (HEAD), and write it', {
    brief: 'ask for the head alone (HEAD), and write it',
  }),
  row('-G, --get', 'flag', 'http', 'put what -d gives into the query, and GET'),
  row('-r, --range <range>', 'text', 'http', 'bytes such as 0-99, 500-, -500', {
    differs: 'is sent with every method; in curl with GET and HEAD alone',
  }),
  row('-L, --location', 'flag', 'http', 'follow redirects', {
    brief: 'follow redirects',
    differs:
      'from https to http only with --proto-redir =http,https; only 301, 302, 303, 307 and 308 are followed; an empty Location leads to the same URL, and is an answer in curl; credentials in a Location are left out',
  }),
  row('--location-trusted', 'flag', 'http', 'as -L, and every header goes to every host: not safe'),
  row(
    '--max-redirs <num>',
    'count',
    'http',
    'follow at most so many redirects; -1 for any number. Default 50',
    { mayBeUnlimited: true },
  ),
  row('--post301', 'flag', 'http', 'with -L, a POST stays a POST after a 301'),
  row('--post302', 'flag', 'http', 'the same after a 302'),
  row('--post303', 'flag', 'http', 'the same after a 303'),
  row('--compressed', 'flag', 'http', 'ask for a compressed response, and write it decompressed'),
  row('--raw', 'flag', 'http', 'write the body as it crossed, with its content and transfer codings', {
    differs: 'each URL has a connection of its own',
  }),
  row('-0, --http1.0', 'flag', 'http', 'speak HTTP/1.0'),
  row('--http1.1', 'flag', 'http', 'speak HTTP/1.1, as it does anyway'),
  row('--http0.9', 'flag', 'http', 'accept a response that has no head'),
  row('--path-as-is', 'flag', 'http', 'leave /../ and /./ in the path'),
  row('--request-target <path>', 'text', 'http', 'this in the place of the path, such as *'),
  row(
    '--expect100-timeout <seconds>',
    'seconds',
    'http',
    'how long a large body waits for 100 (Continue). Default 1',
  ),
  row(
    '-z, --time-cond <time>',
    'text',
    'http',
    'only if it is newer than a date or a file; with - before it, older',
    {
      differs: 'dates such as 2026-01-31 are read',
    },
  ),
  row('--etag-save <file>', 'text', 'http', 'keep the ETag of the response in a file'),
  row('--etag-compare <file>', 'text', 'http', 'ask only for what does not have the ETag of a file'),
  row('--url <url>', 'list', 'http', 'a URL, as without the option'),
  row(
    '--url-query <data>',
    'list',
    'http',
    'add to the query; as --data-urlencode, or as it is with + before it',
    { differs: 'with -G it is sent, too' },
  ),
  row('-g, --globoff', 'flag', 'http', 'take [1-9] and {a,b} in URLs as they are'),
  row('--proto <protocols>', 'text', 'http', 'which of http and https URLs may have: =https'),
  row('--proto-redir <protocols>', 'text', 'http', 'the same for redirects'),
  row('--proto-default <protocol>', 'text', 'http', 'for URLs without a scheme. Default http'),
]

const BODY: readonly OptionRow[] = [
  row(
    '-d, --data <text>',
    'data',
    'post',
    'a form as the body; @FILE, @- for stdin, without line ends; several are joined by &',
    {
      differs: 'standard input is given to every request that --next begins; in curl to the first one alone',
      brief: 'a form as the body; @FILE, and @- for stdin',
      name: 'data',
      data: 'ascii',
    },
  ),
  row('--data-ascii <text>', 'data', 'post', 'as -d', { name: 'data', data: 'ascii' }),
  row('--data-binary <text>', 'data', 'post', 'as -d, but @FILE and @- byte for byte', {
    name: 'data',
    data: 'binary',
  }),
  row('--data-raw <text>', 'data', 'post', 'as -d, but @ is a character as any', {
    name: 'data',
    data: 'raw',
  }),
  row(
    '--data-urlencode <text>',
    'data',
    'post',
    'percent-encoded: text, =text, name=text, @file, name@file',
    {
      name: 'data',
      data: 'urlencode',
    },
  ),
  row('--json <text>', 'data', 'post', 'JSON as the body, with its Content-Type and Accept; @FILE and @-', {
    brief: 'JSON as the body; @FILE, and @- for stdin',
    name: 'data',
    data: 'json',
  }),
  row(
    '-F, --form <name=content>',
    'form',
    'post',
    'a part of a multipart form: name=text, name=@file,file, name=<file; ;type= ;filename= ;headers= ;encoder=',
    {
      brief: 'a part of a multipart form; name=@FILE',
      name: 'form',
      differs:
        'a text may begin with (, and have a ; in it; a multipart in a multipart, of =( and =), is refused (2); an encoder that is none is refused (2), as is a header of ;headers= without a colon; what is encoded has a length that is told; the boundary of a Content-Type of -H is that of the body: curl adds one of its own after it',
    },
  ),
  row('--form-string <name=text>', 'form', 'post', 'as -F, but the text is taken as it is', { name: 'form' }),
  row('--form-escape', 'flag', 'post', 'escape quotation marks in names with a backslash, not with %22'),
  row(
    '-T, --upload-file <file>',
    'list',
    'upload',
    'PUT a file; - streams standard input, as a pipe is. A URL that ends in / gets the name',
    {
      brief: 'PUT a file; - streams standard input',
      differs:
        'standard input that is a pipe is sent once: where a redirect asks for it again, that is an error (65), and --retry does not try again',
    },
  ),
]

const OUTPUT: readonly OptionRow[] = [
  row(
    '-o, --output <file>',
    'output',
    'output',
    'write the body to a file; - is standard output; #1 is what the first glob gave',
    {
      brief: 'write the body to a file',
      name: 'outputs',
    },
  ),
  row('-O, --remote-name', 'output', 'output', 'write the body to a file named as the end of the URL', {
    brief: 'the same, named as the end of the URL',
    name: 'outputs',
  }),
  row('--remote-name-all', 'flag', 'output', '-O for every URL'),
  row('-J, --remote-header-name', 'flag', 'output', 'with -O, the name that Content-Disposition gives', {
    differs: 'a name of dots or nothing gives way to that of the URL: in curl an error (23)',
  }),
  row('--output-dir <dir>', 'text', 'output', 'the folder for -o and -O'),
  row('--create-dirs', 'flag', 'output', 'make the folders that are not there'),
  row('--no-clobber', 'flag', 'output', 'never write over a file: add .1, .2, … to its name', NO),
  row('--remove-on-error', 'flag', 'output', 'remove the file of a transfer that failed'),
  row('-R, --remote-time', 'flag', 'output', "give the file the server's Last-Modified"),
  row('-C, --continue-at <offset>', 'text', 'output', 'go on from a byte; - finds out where the file ends', {
    differs:
      'with -T, a file alone can go on (Content-Range), and again after a redirect; with -d and -F it is the answer that goes on; not with --no-clobber and --remove-on-error; what is an error page or empty is none of the file (33)',
  }),
  row('-i, --include', 'flag', 'output', 'write the head of the response before its body', {
    brief: 'write the head of the response too',
  }),
  row('-D, --dump-header <file>', 'text', 'output', 'write the heads of responses to a file', {
    differs: 'a file that cannot be written is an error (23), as for every file that is asked for',
  }),
  row('-f, --fail', 'flag', 'output', 'a status of 400 or more writes no body and exits with 22', {
    brief: 'exit with 22 for a status of 400 or more',
  }),
  row('--fail-with-body', 'flag', 'output', 'as -f, but write the body', {
    differs: 'counts where -f is said, too: in curl they exclude each other',
  }),
  row(
    '-w, --write-out <format>',
    'text',
    'output',
    'write this afterwards: %{http_code}, %{time_total}, %{json} …; @FILE',
    {
      brief: "write '%{http_code} %{time_total}' afterwards",
      differs:
        '%{size_upload} counts no framing of chunks, %{num_headers} no trailers, and %{num_redirects} no challenges; %{certs} has subject, issuer, number, names and dates, and no more before each certificate, and nothing of a server that is refused; %{redirect_url} has no credentials, and is empty where it is no URL; %{errormsg} is in the words of this command. Besides, %{num_retries}, and %{url.host} and its kin of newer curls',
    },
  ),
  row('-s, --silent', 'flag', 'output', 'no progress and no errors', {
    brief: 'no progress and no errors; with -S errors',
    isGlobal: true,
  }),
  row('-S, --show-error', 'flag', 'output', 'errors in spite of -s', { isGlobal: true }),
  row('-#, --progress-bar', 'flag', 'output', 'progress as a bar of one line, as it is anyway', GLOBAL),
  row('--no-progress-meter', 'flag', 'output', 'no progress', { ...NO, ...GLOBAL }),
  row('-N, --no-buffer', 'flag', 'output', 'write what comes at once, as it does anyway', NO),
  row(
    '--stderr <file>',
    'text',
    'output',
    'write there what goes to standard error; - is standard output',
    GLOBAL,
  ),
  row('--no-styled-output', 'flag', 'output', 'no colours', { ...NO, ...GLOBAL }),
]

const AUTH: readonly OptionRow[] = [
  row('-u, --user <name:password>', 'text', 'auth', 'credentials; Basic unless another scheme is asked for', {
    brief: 'credentials',
    differs: 'a password that is left out is asked for on a terminal alone; elsewhere that is refused',
  }),
  row('--basic', 'flag', 'auth', 'Basic, as it is anyway'),
  row('--digest', 'flag', 'auth', 'Digest: answers the challenge of the server', {
    differs:
      '-i shows the last answer alone, and not the challenge; -v shows both. A body is sent with the first request, too: in curl an empty one',
  }),
  row('--anyauth', 'flag', 'auth', 'the strongest of Basic and Digest that the server asks for', {
    differs: 'as with --digest',
  }),
  row('--oauth2-bearer <token>', 'text', 'auth', 'send a Bearer token'),
  row('-n, --netrc', 'flag', 'auth', 'credentials of ~/.netrc, where -u says none', {
    differs: 'a user in the URL whom the file does not name is given the password of no other user',
  }),
  row('--netrc-optional', 'flag', 'auth', 'as -n, where the URL has no password'),
  row('--netrc-file <file>', 'text', 'auth', 'the same of another file'),
  row(
    '-b, --cookie <data>',
    'list',
    'auth',
    'name=value; name=value; or a file of cookies, of Netscape or of heads, which are kept and sent from then on',
    {
      differs:
        'with -L, what is said goes to no other host; the oldest cookie goes first, and what is said before what is kept (RFC 6265 §5.4); a cookie of a file of heads is for the host that is asked first',
    },
  ),
  row(
    '-c, --cookie-jar <file>',
    'text',
    'auth',
    'keep cookies, and write them to a file at the end; - is standard output',
    {
      differs:
        'a file that cannot be written is told, and exits with 23: curl is silent; no cookie is kept for more than 400 days, as in newer curls',
    },
  ),
  row('-j, --junk-session-cookies', 'flag', 'auth', 'leave out those of a file that have no end'),
]

const CONNECTION: readonly OptionRow[] = [
  row('--unix-socket <path>', 'text', 'connection', 'connect to this socket instead of the host'),
  row('--interface <name>', 'text', 'connection', 'the address, or the network interface, to connect from', {
    differs: 'a name of this machine is none: no name is looked up for it',
  }),
  row('--connect-to <h1:p1:h2:p2>', 'list', 'connection', 'connect to h2:p2 where h1:p1 is asked for', {
    differs: 'what lacks one of its first two colons is refused (49)',
  }),
  row('--resolve <host:port:addr,…>', 'list', 'dns', 'use these addresses for host:port', {
    differs: 'a + before it, and a removal with -, mean nothing: nothing is kept',
  }),
  row('-4, --ipv4', 'flag', 'dns', 'IPv4 addresses only'),
  row('-6, --ipv6', 'flag', 'dns', 'IPv6 addresses only'),
  row(
    '--happy-eyeballs-timeout-ms <ms>',
    'count',
    'dns',
    'how long the first address is tried alone. Default 250',
  ),
  row('--no-keepalive', 'flag', 'connection', 'no TCP keep-alive', NO),
  row(
    '--keepalive-time <seconds>',
    'seconds',
    'connection',
    'silence after which TCP asks for the peer. Default 60',
  ),
  row('--tcp-nodelay', 'flag', 'connection', 'small packets at once, as it does anyway'),
]

const PROXY: readonly OptionRow[] = [
  row(
    '-x, --proxy <url>',
    'text',
    'proxy',
    '[scheme://][user:password@]host[:port]: http, https, socks4, socks4a, socks5, socks5h; "" for none',
    {
      differs:
        'a proxy gets no Proxy-Connection, and no User-Agent with CONNECT; Proxy-Authorization of -H goes into no tunnel',
    },
  ),
  row('-U, --proxy-user <user:password>', 'text', 'proxy', 'who you are to the proxy', {
    differs: 'as with -u',
  }),
  row(
    '--proxy-header <line>',
    'list',
    'proxy',
    '"Name: value" for the proxy: with CONNECT, and with an http URL that it is asked for; @FILE reads lines',
    { differs: 'Host and the length cannot be said' },
  ),
  row('--proxy-basic', 'flag', 'proxy', 'Basic for the proxy, as it is anyway'),
  row('--proxy-digest', 'flag', 'proxy', 'Digest for the proxy'),
  row('-p, --proxytunnel', 'flag', 'proxy', 'ask the proxy for a tunnel (CONNECT) for http URLs, too'),
  row(
    '--preproxy <url>',
    'text',
    'proxy',
    'a proxy before that of -x, or alone; socks4 where it has no scheme',
    { differs: "the scheme is that of curl's manual; curl itself may take a proxy without one for http" },
  ),
  row('--socks4 <host[:port]>', 'text', 'proxy', 'a SOCKS4 proxy; the name is looked up here'),
  row('--socks4a <host[:port]>', 'text', 'proxy', 'a SOCKS4a proxy; it looks the name up'),
  row('--socks5 <host[:port]>', 'text', 'proxy', 'a SOCKS5 proxy; the name is looked up here'),
  row('--socks5-hostname <host[:port]>', 'text', 'proxy', 'a SOCKS5 proxy; it looks the name up'),
  row('--socks5-basic', 'flag', 'proxy', 'user and password for SOCKS5, as it is anyway'),
  row('--noproxy <list>', 'text', 'proxy', 'hosts that are reached directly; * for all'),
  row('--proxy-cacert <file>', 'text', 'proxy', 'authorities to trust for an https proxy, PEM'),
  row('--proxy-capath <dir>', 'text', 'proxy', 'the same, every file of a folder'),
  row('--proxy-cert <file[:pass]>', 'text', 'proxy', 'your certificate for an https proxy'),
  row('--proxy-cert-type <type>', 'text', 'proxy', 'PEM or P12'),
  row('--proxy-key <file>', 'text', 'proxy', 'its private key, PEM; default: in the file of --proxy-cert'),
  row('--proxy-key-type <type>', 'text', 'proxy', 'PEM'),
  row('--proxy-pass <phrase>', 'text', 'proxy', 'the passphrase of that key'),
  row('--proxy-pinnedpubkey <hashes>', 'text', 'proxy', 'the keys of which an https proxy must have one', {
    differs: 'holds for proxies of http URLs, too: curl 7.88 does not look there',
  }),
  row('--proxy-crlfile <file>', 'text', 'proxy', 'revocation lists for an https proxy, PEM'),
  row('--proxy-ciphers <list>', 'text', 'proxy', "cipher suites for an https proxy, in OpenSSL's words"),
  row('--proxy-tls13-ciphers <list>', 'text', 'proxy', 'the same for TLS 1.3'),
  row('--proxy-insecure', 'flag', 'proxy', 'accept any certificate of an https proxy'),
  row(
    '--suppress-connect-headers',
    'flag',
    'proxy',
    'leave the answer to CONNECT out of -i and -D, as it does anyway',
    { differs: 'without it, curl writes that answer there' },
  ),
]

const TLS: readonly OptionRow[] = [
  row(
    '-k, --insecure',
    'flag',
    'tls',
    'accept any certificate; anything between you and the server can then read and change everything',
    { brief: 'accept any certificate: not safe' },
  ),
  row('--cacert <file>', 'text', 'tls', "authorities to trust instead of the system's, PEM", {
    brief: "authorities to trust instead of the system's",
  }),
  row('--capath <dir>', 'text', 'tls', 'the same, every file of a folder', {
    differs: 'their names are of no matter; a folder that is not there is refused (77)',
  }),
  row(
    '-E, --cert <file[:pass]>',
    'text',
    'tls',
    'your certificate: PEM, or PKCS#12 in .p12 and .pfx; "\\:" is a colon in the name',
  ),
  row('--cert-type <type>', 'text', 'tls', 'PEM or P12'),
  row('--key <file>', 'text', 'tls', 'your private key, PEM; default: in the file of --cert'),
  row('--key-type <type>', 'text', 'tls', 'PEM'),
  row('--pass <phrase>', 'text', 'tls', 'the passphrase of the key'),
  row(
    '--pinnedpubkey <hashes>',
    'text',
    'tls',
    'sha256//HASH;sha256//HASH, or a PEM or DER file with the key',
    {
      differs:
        'a key anywhere in the chain counts, as in RFC 7469; in curl it is that of the server alone. What is no hash, and a file that is not there, is refused (2, 26): in curl no key is one (90)',
    },
  ),
  row(
    '--hsts <file>',
    'text',
    'tls',
    'ask hosts over https alone that have asked for that, and keep their names in a file; "" keeps none',
    {
      differs:
        'of a host that is known, -k lets no wrong certificate through (RFC 6797 §8.4); a file that cannot be written is told, and exits with 23',
    },
  ),
  row('--crlfile <file>', 'text', 'tls', 'revocation lists, PEM'),
  row('--ciphers <list>', 'text', 'tls', "cipher suites, in OpenSSL's words"),
  row('--tls13-ciphers <list>', 'text', 'tls', 'the same for TLS 1.3'),
  row('-1, --tlsv1', 'flag', 'tls', 'TLS 1.0 or newer', {
    differs: 'the newest that both know, as ever: it opens nothing that is closed',
  }),
  row('--tlsv1.0', 'flag', 'tls', 'TLS 1.0 or newer'),
  row('--tlsv1.1', 'flag', 'tls', 'TLS 1.1 or newer'),
  row('--tlsv1.2', 'flag', 'tls', 'TLS 1.2 or newer, as it is anyway'),
  row('--tlsv1.3', 'flag', 'tls', 'TLS 1.3 or newer'),
  row('--tls-max <version>', 'text', 'tls', 'at most this: 1.2, 1.3, default'),
]

const TIME: readonly OptionRow[] = [
  row(
    '-m, --max-time <seconds>',
    'seconds',
    'time',
    'the longest that a transfer may take, to its last byte; 0.5 is fine',
    { brief: 'the longest that all may take' },
  ),
  row('--connect-timeout <seconds>', 'seconds', 'time', 'the longest until there is a connection'),
  row('--retry <num>', 'count', 'time', `try again after timeouts and ${RETRIED_STATUSES.join(', ')}`, {
    brief: 'try again after timeouts and 5xx',
  }),
  row(
    '--retry-delay <seconds>',
    'seconds',
    'time',
    'how long to wait between; default 1, doubled each time',
    {
      differs: 'a fraction such as 0.5 is fine, as it is for every time',
    },
  ),
  row('--retry-max-time <seconds>', 'seconds', 'time', 'ask for no attempt more after so long'),
  row('--retry-connrefused', 'flag', 'time', 'also after a refused connection'),
  row('--retry-all-errors', 'flag', 'time', 'after every failure'),
  row(
    '--rate <num/unit>',
    'rate',
    'time',
    'begin so many transfers in a time at most: 10/s, 5/m, 100/h, 1000/d; without -Z',
    GLOBAL,
  ),
  row('--limit-rate <speed>', 'size', 'time', 'bytes a second at most, both ways: 200k, 1M', {
    differs: 'a fraction such as 1.5M is fine, as it is for every size',
  }),
  row('-Y, --speed-limit <speed>', 'size', 'time', 'give up below so many bytes a second', {
    differs: 'takes the units of --limit-rate too',
  }),
  row('-y, --speed-time <seconds>', 'seconds', 'time', 'for so long. Default 30'),
  row('--max-filesize <bytes>', 'size', 'time', 'refuse a larger body', {
    differs:
      'a body that does not say how long it is, and one that --compressed unpacks, end where they go past it; in curl 8.4 and newer, too. The bodies of redirects that are followed do not count',
  }),
]

const SHOW: readonly OptionRow[] = [
  row(
    '-v, --verbose',
    'flag',
    'verbose',
    'show the wire on standard error: > sent, < received, * notes; credentials are masked',
    {
      brief: 'show the wire on standard error',
      isGlobal: true,
      differs: 'bodies are counted, credentials masked, odd bytes escaped',
    },
  ),
  row(
    '--trace <file>',
    'text',
    'verbose',
    'write every byte that crossed in hexadecimal; - is standard output',
    {
      isGlobal: true,
      differs: 'credentials are in it, as in curl; lines of TLS records are not',
    },
  ),
  row('--trace-ascii <file>', 'text', 'verbose', 'the same without the hexadecimal', GLOBAL),
  row('--trace-time', 'flag', 'verbose', 'the time of day in -v and traces', GLOBAL),
]

const COMMAND: readonly OptionRow[] = [
  row('-Z, --parallel', 'flag', 'curl', 'all URLs at once', GLOBAL),
  row('--parallel-max <num>', 'count', 'curl', 'so many at once. Default 50', GLOBAL),
  row(
    '--parallel-immediate',
    'flag',
    'curl',
    'new connections rather than waiting, as it does anyway',
    GLOBAL,
  ),
  row('--fail-early', 'flag', 'curl', 'end at the first transfer that fails', GLOBAL),
  row('-:, --next', 'next', 'curl', 'what follows is a request of its own', { name: 'url' }),
  row('-K, --config <file>', 'list', 'curl', 'read options from a file; - is standard input', {
    ...GLOBAL,
    differs: '--name=value is read, too, as it is among words',
  }),
  row('-q, --disable', 'flag', 'curl', 'as the first word: do not read ~/.httplibrc', GLOBAL),
  row('-V, --version', 'tell', 'curl', 'write the version', { name: 'url' }),
  row('-h, --help <category>', 'tell', 'curl', 'the most used options; "all", a category, or an option', {
    name: 'url',
  }),
  row('-M, --manual', 'tell', 'curl', 'everything at length', { name: 'url' }),
]

const OURS: readonly OptionRow[] = [
  row('--explain', 'flag', 'httplib', 'tell what would be sent, where and why; send nothing'),
  row('--timings', 'flag', 'httplib', 'tell on standard error when what happened, as a waterfall', GLOBAL),
  row(
    '--waterfall <file>',
    'text',
    'httplib',
    'the same as a page of HTML that needs nothing else; - is standard output',
    GLOBAL,
  ),
  row(
    '--har <file>',
    'text',
    'httplib',
    'the same as an HTTP Archive, credentials masked; - is standard output',
    GLOBAL,
  ),
  row(
    '--resume',
    'flag',
    'httplib',
    'a download that goes on where it broke off: FILE.part becomes FILE when it is whole and verified',
  ),
  row(
    '--to <language>',
    'text',
    'httplib',
    'write the request as code: fetch, undici, python or curl; send nothing',
  ),
  row(
    '--bench <num>',
    'count',
    'httplib',
    'send it so many times, --parallel-max at once (10), and tell rate and times',
  ),
  row('--variable-free', 'flag', 'httplib', 'take {{name}} in words as it is, as it does anyway', GLOBAL),
  row('--plain', 'flag', 'httplib', 'JSON and HTML as they came, on a terminal too'),
]

/** All of them, in the order of help and documentation. */
export const OPTIONS: readonly OptionRow[] = [
  ...REQUEST,
  ...BODY,
  ...OUTPUT,
  ...AUTH,
  ...CONNECTION,
  ...PROXY,
  ...TLS,
  ...TIME,
  ...SHOW,
  ...COMMAND,
  ...OURS,
]

const BY_LONG: ReadonlyMap<string, OptionRow> = new Map(OPTIONS.map((one) => [one.long, one]))
const BY_LETTER: ReadonlyMap<string, OptionRow> = new Map(
  OPTIONS.flatMap((one) => (one.letter === '' ? [] : [[one.letter, one] as const])),
)

/** The row of a long name, without dashes and without `no-`. */
export function optionNamed(long: string): OptionRow | undefined {
  return BY_LONG.get(long)
}

/** The row of a letter. */
export function optionLettered(letter: string): OptionRow | undefined {
  return BY_LETTER.get(letter)
}

/** The row of a word as it is typed: `--retry`, `-o`. */
export function optionWritten(word: string): OptionRow | undefined {
  if (word.startsWith('--')) return optionNamed(word.slice(2))
  return word.startsWith('-') ? optionLettered(word.slice(1)) : undefined
}

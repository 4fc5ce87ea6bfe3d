/**
 * The options of curl that this command does not have: why, and what to do instead. They are called by their name instead of
 * being guessed at. An option that is added to table.ts leaves here.
 */

import { usageFailure } from '../tell/failure.ts'

/** Options that are left out for one reason. */
interface ForeignGroup {
  readonly names: string
  /** Goes on after `--name is curl's;`. */
  readonly why: string
  readonly instead: string
}

const LEAVE_OUT = 'leave it out'

/** In the order of docs/command.md. A letter stands after its name: `ftp-port/P`. */
export const FOREIGN: readonly ForeignGroup[] = [
  {
    names: `append/a disable-eprt disable-epsv ftp-account ftp-alternative-to-user ftp-create-dirs ftp-method ftp-pasv ftp-port/P
      ftp-pret ftp-skip-pasv-ip ftp-ssl-ccc ftp-ssl-ccc-mode ftp-ssl-control krb list-only/l quote/Q use-ascii/B crlf ssl
      ssl-reqd compressed-ssh hostpubmd5 hostpubsha256 knownhosts pubkey mail-auth mail-from mail-rcpt mail-rcpt-allowfails
      upload-flags login-options sasl-authzid sasl-ir telnet-option/t tftp-blksize tftp-no-options ipfs-gateway metalink`,
    why: 'it is for FTP, SSH, mail and the like, and this command speaks HTTP and HTTPS',
    instead: 'curl for it',
  },
  {
    names:
      'http2 http2-prior-knowledge http3 http3-only proxy-http2 proxy-http3 httpsrr no-npn npn no-alpn alpn alt-svc',
    why: 'this command speaks HTTP/1.1',
    instead: `${LEAVE_OUT}: servers of HTTP/2 speak HTTP/1.1 too`,
  },
  {
    names: 'doh-url doh-insecure doh-cert-status dns-servers dns-interface dns-ipv4-addr dns-ipv6-addr',
    why: "here name resolution is the system's",
    instead: '--resolve HOST:PORT:ADDRESS',
  },
  {
    names: `negotiate ntlm ntlm-wb delegation service-name proxy-negotiate proxy-ntlm proxy-service-name socks5-gssapi
      socks5-gssapi-nec socks5-gssapi-service tlsauthtype tlspassword tlsuser proxy-tlsauthtype proxy-tlspassword proxy-tlsuser`,
    why: 'Kerberos, NTLM and SRP are not spoken here',
    instead: '-u with Basic or --digest, or a certificate with --cert',
  },
  {
    names: 'aws-sigv4',
    why: 'signing is not a part of this command',
    instead: 'an Authorization of your own with -H',
  },
  {
    names: `sslv2/2 sslv3/3 ssl-allow-beast ssl-auto-client-cert ssl-no-revoke ssl-revoke-best-effort false-start
      proxy-ssl-allow-beast proxy-ssl-auto-client-cert proxy-tlsv1 no-sessionid sessionid ssl-sessions cert-status curves engine egd-file
      random-file ca-native dump-ca-embed ech sigalgs earlydata tls-earlydata proxy-ca-native`,
    why: "TLS is Node's here, and has no such switch",
    instead: LEAVE_OUT,
  },
  {
    names: 'proxy1.0 haproxy-protocol haproxy-clientip proxy-anyauth',
    why: 'a proxy is told who you are by -U, with Basic or Digest, and other things by --proxy-header; that is all there is for it',
    instead: LEAVE_OUT,
  },
  {
    names: 'follow',
    why: 'here -L follows redirects',
    instead: '-L',
  },
  {
    names: 'tr-encoding ignore-content-length',
    why: 'where a body ends is decided by the rules of HTTP alone',
    instead: LEAVE_OUT,
  },
  {
    names: 'libcurl',
    why: 'there is no C here',
    instead: '--to fetch, --to undici, --to python or --to curl',
  },
  {
    names: 'abstract-unix-socket local-port tcp-fastopen mptcp ip-tos vlan-priority keepalive-cnt',
    why: 'sockets here have no such switch',
    instead: LEAVE_OUT,
  },
  {
    names: 'variable',
    why: 'no word has variables here',
    instead: 'the variables of the shell: "$NAME"',
  },
  {
    names: `xattr create-file-mode disallow-username-in-url trace-config trace-ids out-null skip-existing
      parallel-max-host dump-module`,
    why: 'it has not been asked for yet',
    instead: LEAVE_OUT,
  },
]

const BY_WORD: ReadonlyMap<string, ForeignGroup> = new Map(
  FOREIGN.flatMap((group) => {
    const names = group.names.trim().split(/\s+/)
    return names.flatMap((name) => {
      const [long = '', letter] = name.split('/')
      const words: [string, ForeignGroup][] = [[`--${long}`, group]]
      if (letter !== undefined) words.push([`-${letter}`, group])
      return words
    })
  }),
)

/** The group of an option that only curl has; with `no-` before its name, too. */
export function foreignGroupOf(written: string): ForeignGroup | undefined {
  const plain = written.replace(/^--expand-.*/s, '--variable')
  return BY_WORD.get(plain) ?? BY_WORD.get(plain.replace(/^--no-/, '--'))
}

/** @throws CommandFailure of `usage` for an option that only curl has */
export function refuseForeign(written: string): void {
  const group = foreignGroupOf(written)
  if (group !== undefined) throw usageFailure(`${written} is curl's; ${group.why}`, group.instead)
}

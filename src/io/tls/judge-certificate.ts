/**
 * Whether a server may be talked to, by the certificates it showed: RFC 9110 §4.3.4. Decides, and does nothing.
 */

import type { DetailedPeerCertificate } from 'node:tls'
import { escapeText } from '../../core/escape.ts'
import { acceptedReasons, type TlsOptions } from '../../core/tls-options.ts'
import { ConnectError } from '../../errors/index.ts'
import {
  examineChain,
  findNameConstraints,
  hasPinnedKey,
  pinOf,
  readChain,
  readTrustStore,
  upToAnchor,
} from './certificate-chain.ts'
import { namesHost } from './certificate-names.ts'
import { REASON_NAMES, type ReasonName, reasonOfOpenssl, reasonRow } from './certificate-reasons.ts'
import { findWeaknesses, keyBits } from './certificate-strength.ts'
import type { ChainCertificate, Finding } from './chain-certificate.ts'
import { findRevoked } from './revocation.ts'

/** What is known of a server at the end of the handshake. */
export interface PeerFacts {
  /** The host that is meant, without regard to `servername`. */
  readonly host: string
  /** Where it is: for the error. */
  readonly address: string
  readonly options: TlsOptions
  /** What it showed, with the issuers. */
  readonly certificate: DetailedPeerCertificate
  /** The last error of OpenSSL, by Node's name; undefined for none. */
  readonly opensslError: string | undefined
  /** True for a resumed session: the certificates are not shown again. */
  readonly isResumed: boolean
  /** Milliseconds since 1970. */
  readonly now: number
}

/** What became of it. */
export interface Judgement {
  /** Why the server may not be talked to; undefined if it may. */
  readonly refusal: ConnectError | undefined
  /** Whether something was wrong that the option `accept` let through. */
  readonly isException: boolean
}

const ACCEPTED: Judgement = { refusal: undefined, isException: false }

/** Judges a server. */
export function judgePeer(facts: PeerFacts): Judgement {
  try {
    return judge(facts)
  } catch (cause) {
    // Security: the peer chose the bytes. What Node cannot read (a key of a kind it does not know, say) is refused.
    const detail = `${facts.address} showed a certificate that cannot be read`
    const refusal = new ConnectError('CERTIFICATE_REJECTED', 'tls', detail, { address: facts.address, cause })
    return { refusal, isException: false }
  }
}

function judge(facts: PeerFacts): Judgement {
  const { address, options, isResumed, opensslError } = facts
  const isVerifying = options.verify !== false
  // A session is only ever offered for the host and the options it was made with (settings.ts), and only where nothing was wrong:
  // all was judged then, and the certificates are not shown again.
  if (isResumed && (opensslError === undefined || !isVerifying)) return ACCEPTED
  const chain = readChain(facts.certificate)
  const [leaf] = chain
  if (leaf === undefined) {
    if (!isVerifying && options.pin === undefined) return ACCEPTED
    const detail = `${address} showed no certificate`
    return {
      refusal: new ConnectError('CERTIFICATE_REJECTED', 'tls', detail, { address }),
      isException: false,
    }
  }
  const accepted = acceptedReasons(options, leaf.shown.fingerprint256)
  const found = isVerifying ? findReasons(chain, facts, accepted.length > 0) : []
  const left = found.filter(({ reason }) => !accepted.includes(reasonRow(reason).code))
  const isException = left.length < found.length
  if (options.pin !== undefined && !hasPinnedKey(chain, options.pin))
    left.push({ reason: 'notPinned', certificate: leaf })
  return { refusal: left.length === 0 ? undefined : makeRefusal(left, leaf, facts), isException }
}

/** Everything that is wrong, the gravest first. @param isAccepting whether one of the reasons may be let through */
function findReasons(chain: readonly ChainCertificate[], facts: PeerFacts, isAccepting: boolean): Finding[] {
  const found = [...findChainReasons(chain, facts), ...findHostMismatch(chain[0]!, facts)]
  const mustKnow = isAccepting || facts.options.pfx !== undefined
  const told = found.filter(({ reason }) => reason !== 'trustUnknown' || mustKnow)
  return told.sort((a, b) => REASON_NAMES.indexOf(a.reason) - REASON_NAMES.indexOf(b.reason))
}

/** What OpenSSL lets through, at the level of security that it was told or on some versions of Node. */
const MISSED_BY_OPENSSL: readonly ReasonName[] = ['weakKey', 'weakSignature', 'unreadable']

/** The errors of OpenSSL that Node has no name for come under this one. */
const UNNAMED = 'UNSPECIFIED'

function findChainReasons(chain: readonly ChainCertificate[], facts: PeerFacts): Finding[] {
  const { host, opensslError, options, now } = facts
  // Security: Node adds the authorities in a PKCS#12 file to those that OpenSSL trusts. Who the client is says nothing of whom it
  // trusts: what OpenSSL is content with is judged again, by `ca` or the system's authorities alone.
  const isTrustDoubtful = options.pfx !== undefined
  // The usual case, and it costs no look at the authorities.
  if (opensslError === undefined && !isTrustDoubtful && findWeaknesses(chain).length === 0) return []
  const store = readTrustStore(options.ca)
  const found = examineChain(chain, store, now, options.servername ?? host)
  if (opensslError === undefined && isTrustDoubtful)
    return options.crl === undefined
      ? found
      : [...found, ...findRevoked(upToAnchor(chain, store), options.crl)]
  if (opensslError === undefined) return found.filter(({ reason }) => MISSED_BY_OPENSSL.includes(reason))
  if (opensslError !== UNNAMED) {
    const reason = reasonOfOpenssl(opensslError)
    const { code } = reasonRow(reason)
    // To OpenSSL an issuer that is no authority has the wrong purpose too.
    const isSame = (one: Finding): boolean =>
      reasonRow(one.reason).code === code || (reason === 'wrongPurpose' && one.reason === 'wrongIssuer')
    return found.some(isSame) ? found : [...found, { reason, certificate: blame(reason, chain) }]
  }
  // Name constraints are the last thing that OpenSSL looks at: an error with a name says that they are kept.
  if (!found.some(({ reason }) => reason === 'nameConstraint')) found.push(...findNameConstraints(chain))
  if (found.some(({ reason }) => UNNAMED_REASONS.includes(reason))) return found
  // An issuer that may not sign is none to Node, which ends the chain below it; one that is not there has a name.
  const isCutOff = found.some(({ reason }) => reason === 'issuerMissing')
  if (!isCutOff) return [...found, { reason: 'rejected', certificate: chain[0]! }]
  return found.map((one) => (one.reason === 'issuerMissing' ? { ...one, reason: 'notAuthorised' } : one))
}

/** What an error without a name can have been. */
const UNNAMED_REASONS: readonly ReasonName[] = [
  'nameConstraint',
  'weakKey',
  'weakSignature',
  'notUnderstood',
  'unreadable',
]

/** Of whom OpenSSL speaks where nothing was found by hand: missing trust is found at the top, all else at the bottom. */
function blame(reason: ReasonName, chain: readonly ChainCertificate[]): ChainCertificate {
  return reasonRow(reason).code === 'CERTIFICATE_UNTRUSTED' ? chain.at(-1)! : chain[0]!
}

/** The names of the certificate, where the host is not among them. */
function findHostMismatch(leaf: ChainCertificate, { host, options }: PeerFacts): Finding[] {
  if (leaf.shown.subjectaltname === undefined) return [{ reason: 'noNames', certificate: leaf }]
  return namesHost(leaf, options.servername ?? host) ? [] : [{ reason: 'otherNames', certificate: leaf }]
}

/** `showed certificate "a" (…): it was valid until … (CERT_HAS_EXPIRED), and …; to accept …`. */
function makeRefusal(found: readonly Finding[], leaf: ChainCertificate, facts: PeerFacts): ConnectError {
  const { address, opensslError } = facts
  const [gravest] = found
  const row = reasonRow(gravest!.reason)
  const tell = ({ reason, certificate }: Finding): string => {
    const sentence = fill(reasonRow(reason).sentence, certificate, facts)
    // "It" is the certificate that the error names.
    if (certificate === gravest!.certificate) return sentence
    return sentence.replace(/^it(s?) /, (_, ofIt) => `${nameOf(certificate)}${ofIt === '' ? '' : "'s"} `)
  }
  const because = [...new Set(found.map(tell))].join(', and ')
  const openssl = opensslError === undefined ? '' : ` (${opensslError})`
  const remedy = fill(row.remedy, leaf, facts).replace('<code>', row.code)
  return new ConnectError(
    row.code,
    'tls',
    `${address} showed ${describe(gravest!.certificate)}: ${because}${openssl}`,
    { address, remedy },
  )
}

/** Some certificates name hundreds of hosts. */
const MAX_SHOWN_NAMES = 400

/** Fills the words in angle brackets in. */
function fill(text: string, certificate: ChainCertificate, { host, options }: PeerFacts): string {
  const { shown } = certificate
  // Security: the maker of the certificate chose its names.
  return text
    .replace('<names>', () => escapeText(shown.subjectaltname ?? '', MAX_SHOWN_NAMES))
    .replace('<host>', () => options.servername ?? host)
    .replace('<bits>', () => String(keyBits(certificate)))
    .replace('<from>', shown.valid_from)
    .replace('<to>', shown.valid_to)
    .replace('<fingerprint>', shown.fingerprint256)
    .replace('<pin>', () => pinOf(certificate))
}

function describe(certificate: ChainCertificate): string {
  const { shown } = certificate
  const issuer = String(shown.issuer?.CN ?? shown.issuer?.O ?? 'unknown')
  const issued = `issued by "${escapeText(issuer)}", valid ${shown.valid_from} to ${shown.valid_to}`
  return `certificate ${nameOf(certificate)} (${issued}) with SHA-256 ${shown.fingerprint256}`
}

/** Security: the maker of the certificate chose its names. */
function nameOf({ shown }: ChainCertificate): string {
  return `"${escapeText(String(shown.subject?.CN ?? shown.subjectaltname ?? 'without a name'))}"`
}

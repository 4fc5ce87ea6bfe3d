/**
 * What `X509Certificate` of Node does not tell: the algorithm a certificate is signed with, its names, and its extensions. Reads the
 * outline of a certificate's DER (RFC 5280 §4.1) and interprets no more than is asked for.
 *
 * Security: the bytes are the peer's. OpenSSL has parsed them before, but takes more than DER; what is read differently here is
 * no outline, and a certificate without one is good for nothing.
 */

/** One element of DER: its tag and its content. */
export interface Element {
  readonly tag: number
  readonly content: Uint8Array
}

const BOOLEAN = 0x01
const INTEGER = 0x02
/** `[3]` of TBSCertificate: the extensions. */
const EXTENSIONS = 0xa3

/** `[0]`: the hash among the parameters of RSASSA-PSS. */
const PSS_HASH = 0xa0
/** `[2]` of GeneralName: a dNSName. */
export const DNS_NAME = 0x82
/** `[7]` of GeneralName: an iPAddress. */
export const IP_ADDRESS = 0x87
/** `[0]` and `[1]` of NameConstraints. */
const PERMITTED = 0xa0
const EXCLUDED = 0xa1

const KEY_USAGE = '2.5.29.15'
const ALTERNATIVE_NAMES = '2.5.29.17'
const BASIC_CONSTRAINTS = '2.5.29.19'
const NAME_CONSTRAINTS = '2.5.29.30'

/** For which names an authority may issue (§4.2.1.10); each a GeneralName. */
export interface NameConstraints {
  readonly permitted: readonly Element[]
  readonly excluded: readonly Element[]
}

export interface CertificateOutline {
  /** The object identifier of the algorithm that the issuer signed with: `1.2.840.10045.4.3.2`. */
  readonly signatureAlgorithm: string
  /** For RSASSA-PSS, whose algorithm does not say it: the object identifier of the digest (RFC 4055 §3.1). */
  readonly pssDigest: string | undefined
  /** The dNSNames of the subjectAltName, as they stand there. */
  readonly dnsNames: readonly string[]
  /** The object identifiers of the extensions, and whether each is critical. */
  readonly extensions: ReadonlyMap<string, boolean>
  /** How many authorities may stand between this one and the server's certificate; undefined for any number (§4.2.1.9). */
  readonly maxPathLength: number | undefined
  /** The first eight bits of the key usage (§4.2.1.3), `digitalSignature` first; undefined for any use. */
  readonly keyUsage: number | undefined
  /** Undefined for an authority that may issue for any name. */
  readonly nameConstraints: NameConstraints | undefined
}

/** Reads the outline of a certificate; undefined where it is not DER as RFC 5280 has it. */
export function readOutline(der: Uint8Array): CertificateOutline | undefined {
  try {
    return parseOutline(der)
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

/** @throws RangeError for an element that is not there or not whole */
function parseOutline(der: Uint8Array): CertificateOutline {
  const [certificate] = readElements(der)
  const [body, algorithm] = readElements(content(certificate))
  const holder = readElements(content(body)).find(({ tag }) => tag === EXTENSIONS)
  const listed = holder === undefined ? [] : readElements(content(readElements(holder.content)[0]))
  const extensions = new Map<string, boolean>()
  let maxPathLength: number | undefined
  let keyUsage: number | undefined
  let nameConstraints: NameConstraints | undefined
  let dnsNames: readonly string[] = []
  for (const extension of listed) {
    const [identifier, ...rest] = readElements(extension.content)
    const id = formatIdentifier(content(identifier))
    extensions.set(id, rest[0]?.tag === BOOLEAN && rest[0].content[0] !== 0)
    // A bit string begins with the number of bits that its last byte does not use.
    if (id === KEY_USAGE) keyUsage = content(readElements(content(rest.at(-1)))[0])[1] ?? 0
    if (id === ALTERNATIVE_NAMES) dnsNames = readDnsNames(content(rest.at(-1)))
    if (id === NAME_CONSTRAINTS) nameConstraints = readNameConstraints(content(rest.at(-1)))
    if (id === BASIC_CONSTRAINTS) maxPathLength = readPathLength(content(rest.at(-1)))
  }
  const [identifier, parameters] = readElements(content(algorithm))
  const signatureAlgorithm = formatIdentifier(content(identifier))
  const pssDigest = signatureAlgorithm === RSASSA_PSS ? readPssDigest(parameters) : undefined
  return { signatureAlgorithm, pssDigest, dnsNames, extensions, maxPathLength, keyUsage, nameConstraints }
}

export const RSASSA_PSS = '1.2.840.113549.1.1.10'
const SHA1 = '1.3.14.3.2.26'

/** SHA-1 is what the RFC takes where nothing is said. */
function readPssDigest(parameters: Element | undefined): string {
  const hash =
    parameters === undefined
      ? undefined
      : readElements(parameters.content).find(({ tag }) => tag === PSS_HASH)
  if (hash === undefined) return SHA1
  return formatIdentifier(content(readElements(content(readElements(hash.content)[0]))[0]))
}

function readDnsNames(extension: Uint8Array): string[] {
  return readElements(content(readElements(extension)[0]))
    .filter(({ tag }) => tag === DNS_NAME)
    .map((name) => Buffer.from(name.content).toString('latin1'))
}

function content(element: Element | undefined): Uint8Array {
  if (element === undefined) throw new RangeError('an element is missing')
  return element.content
}

function readPathLength(basicConstraints: Uint8Array): number | undefined {
  const length = readElements(content(readElements(basicConstraints)[0])).find(({ tag }) => tag === INTEGER)
  return length?.content.reduce((sum, byte) => sum * 256 + byte, 0)
}

function readNameConstraints(extension: Uint8Array): NameConstraints {
  const lists = readElements(content(readElements(extension)[0]))
  const basesOf = (wanted: number): Element[] =>
    lists
      .filter(({ tag }) => tag === wanted)
      .flatMap((list) => readElements(list.content))
      .flatMap((subtree) => readElements(subtree.content).slice(0, 1))
  return { permitted: basesOf(PERMITTED), excluded: basesOf(EXCLUDED) }
}

/** The elements that stand one after the other. */
export function readElements(der: Uint8Array): Element[] {
  const elements: Element[] = []
  let at = 0
  while (at < der.length) {
    const tag = der[at]!
    let length = der[at + 1]!
    at += 2
    // A first byte over 0x80 says how many bytes the length has; 0x80 itself, a length left open, is not DER.
    if (length === 0x80) throw new RangeError('a length is left open')
    if (length > 0x80) {
      const end = at + (length & 0x7f)
      length = 0
      for (; at < end; at++) length = length * 256 + der[at]!
    }
    if (!(at + length <= der.length)) throw new RangeError('an element is not whole')
    elements.push({ tag, content: der.subarray(at, at + length) })
    at += length
  }
  return elements
}

/** An object identifier in dots: base 128, and the first two numbers in one (X.690 §8.19). */
function formatIdentifier(content: Uint8Array): string {
  const numbers: number[] = []
  let number = 0
  for (const byte of content) {
    number = number * 128 + (byte & 0x7f)
    if (byte < 0x80) {
      numbers.push(number)
      number = 0
    }
  }
  const [both = 0, ...rest] = numbers
  const first = Math.min(2, Math.floor(both / 40))
  return [first, both - first * 40, ...rest].join('.')
}

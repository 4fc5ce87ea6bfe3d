// Makes keys, certificates and revocation lists with the machine's `openssl`, in a temporary folder. Both the committed
// certificates (`scripts/make-certificates.ts`) and the zoo (`certificate-zoo.ts`) come from here.

import { execFileSync } from 'node:child_process'
import { sign, X509Certificate } from 'node:crypto'
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

/** A certificate and its key, both PEM, as `tls.createServer` and our `tls` option take them. */
export interface KeyPair {
  readonly key: string
  readonly cert: string
}

/** The kinds of key, as `openssl req` takes them. */
const KEY_KINDS = {
  'P-256': ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
  'RSA-1024': ['-newkey', 'rsa:1024'],
  'RSA-2048': ['-newkey', 'rsa:2048'],
  'RSA-PSS-1024': ['-newkey', 'rsa-pss', '-pkeyopt', 'rsa_keygen_bits:1024'],
  'RSA-PSS-2048': ['-newkey', 'rsa-pss', '-pkeyopt', 'rsa_keygen_bits:2048'],
  'P-192': ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-192'],
  // With the parameters that `make` has made before.
  'DSA-1024': ['-newkey', 'dsa:dsa.pem'],
  Ed25519: ['-newkey', 'ed25519'],
} as const

export type KeyKind = keyof typeof KEY_KINDS

/** One certificate to be made. */
export interface Order {
  readonly commonName: string
  /** Lines of an extension section: `subjectAltName = DNS:localhost`. */
  readonly extensions: readonly string[]
  readonly from: Date
  readonly to: Date
  /** Who signs; left out, it signs itself. */
  readonly by?: KeyPair | undefined
  /** Whose key it is for; left out, a new one is made. */
  readonly of?: KeyPair | undefined
  /** Default P-256. */
  readonly keyKind?: KeyKind
  /** Default sha256. */
  readonly digest?: string
  /** How an RSA key signs; default PKCS #1 v1.5. */
  readonly padding?: 'pss'
}

/** What `openssl ca` wants to know besides. */
const CONFIG = `
[req]
distinguished_name = subject
[subject]
[ca]
default_ca = maker
[maker]
database = index.txt
new_certs_dir = .
rand_serial = yes
default_md = sha256
default_crl_days = 30
policy = policy
unique_subject = no
copy_extensions = none
[policy]
commonName = supplied
`

export class CertificateMaker {
  readonly #folder: string
  #count = 0

  private constructor() {
    this.#folder = mkdtempSync(path.join(tmpdir(), 'httplib-certificates-'))
    writeFileSync(this.#path('openssl.cnf'), CONFIG)
    writeFileSync(this.#path('index.txt'), '')
  }

  /** A maker with a folder of its own; undefined where there is no `openssl` command. */
  static open(): CertificateMaker | undefined {
    try {
      execFileSync('openssl', ['version'], { stdio: 'ignore' })
    } catch {
      return undefined
    }
    return new CertificateMaker()
  }

  /** Makes a key and a certificate for it. */
  make(order: Order): KeyPair {
    const name = `${this.#count++}`
    const kind = KEY_KINDS[order.keyKind ?? 'P-256']
    if (order.keyKind === 'DSA-1024') this.run('dsaparam', '-out', 'dsa.pem', '1024')
    const subject = `/CN=${order.commonName}`
    const key =
      order.of === undefined
        ? [...kind, '-nodes', '-keyout', `${name}.key`]
        : ['-key', this.write(`${name}.key`, order.of.key)]
    this.run('req', '-new', ...key, '-subj', subject, '-out', `${name}.csr`)
    appendFileSync(this.#path('openssl.cnf'), `\n[extensions-${name}]\n${order.extensions.join('\n')}\n`)
    const signer =
      order.by === undefined
        ? ['-selfsign', '-keyfile', `${name}.key`]
        : [
            '-cert',
            this.write(`${name}-issuer.crt`, order.by.cert),
            '-keyfile',
            this.write(`${name}-issuer.key`, order.by.key),
          ]
    const dates = ['-startdate', formatTime(order.from), '-enddate', formatTime(order.to)]
    const files = ['-in', `${name}.csr`, '-out', `${name}.crt`, '-md', order.digest ?? 'sha256']
    if (order.padding === 'pss') files.push('-sigopt', 'rsa_padding_mode:pss')
    this.run('ca', '-batch', '-notext', '-extensions', `extensions-${name}`, ...dates, ...files, ...signer)
    return { key: this.read(`${name}.key`).toString(), cert: this.read(`${name}.crt`).toString() }
  }

  /** Certificate and key in a PKCS#12 container, with more certificates beside them. */
  makePfx(pair: KeyPair, others: readonly KeyPair[], passphrase: string): Buffer {
    const inside = ['-in', this.write('own.crt', pair.cert), '-inkey', this.write('own.key', pair.key)]
    const beside = ['-certfile', this.write('others.crt', others.map(({ cert }) => cert).join(''))]
    this.run('pkcs12', '-export', ...inside, ...beside, '-passout', `pass:${passphrase}`, '-out', 'own.p12')
    return this.read('own.p12')
  }

  /** A revocation list of an authority that has withdrawn these certificates, PEM. */
  revoke(authority: KeyPair, certificates: readonly KeyPair[]): string {
    const signer = [
      '-cert',
      this.write('crl.crt', authority.cert),
      '-keyfile',
      this.write('crl.key', authority.key),
    ]
    for (const { cert } of certificates) this.run('ca', '-revoke', this.write('revoked.crt', cert), ...signer)
    this.run('ca', '-gencrl', '-out', 'list.crl', ...signer)
    return this.read('list.crl').toString()
  }

  /** Runs `openssl` in the folder, with its configuration. */
  run(...args: readonly string[]): void {
    const env = { ...process.env, OPENSSL_CONF: this.#path('openssl.cnf') }
    execFileSync('openssl', args, { cwd: this.#folder, env, stdio: 'pipe' })
  }

  /** Writes a file into the folder; gives its name back. */
  write(name: string, text: string): string {
    writeFileSync(this.#path(name), text)
    return name
  }

  read(name: string): Buffer {
    return readFileSync(this.#path(name))
  }

  /** Throws the folder away, and with it the keys of all authorities. */
  close(): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #path(name: string): string {
    return path.join(this.#folder, name)
  }
}

/**
 * The same certificate with the length of its body left open, which is BER and not DER (X.690 §8.1.3.6), signed again: to OpenSSL
 * nothing is wrong with it.
 */
export function leaveOpen({ cert, key }: KeyPair, by: KeyPair): KeyPair {
  const [body, algorithm] = splitSequence(new X509Certificate(cert).raw)
  const open = Buffer.concat([Buffer.from([0x30, 0x80]), contentOf(body!), Buffer.from([0, 0])])
  const signature = Buffer.concat([Buffer.from([0]), sign('sha256', open, by.key)])
  const der = derOf(0x30, Buffer.concat([open, algorithm!, derOf(0x03, signature)]))
  const lines = der.toString('base64').match(/.{1,64}/g)!
  return { key, cert: `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n` }
}

/** How many bytes tag and length of an element have, and how many its content. */
function measure(der: Buffer): { head: number; length: number } {
  const first = der[1]!
  if (first < 0x80) return { head: 2, length: first }
  return { head: 2 + (first & 0x7f), length: der.readUIntBE(2, first & 0x7f) }
}

function contentOf(element: Buffer): Buffer {
  const { head, length } = measure(element)
  return element.subarray(head, head + length)
}

/** The elements inside a sequence, each whole. */
function splitSequence(sequence: Buffer): Buffer[] {
  const elements: Buffer[] = []
  for (let rest = contentOf(sequence); rest.length > 0; ) {
    const { head, length } = measure(rest)
    elements.push(rest.subarray(0, head + length))
    rest = rest.subarray(head + length)
  }
  return elements
}

function derOf(tag: number, content: Buffer): Buffer {
  const length = Buffer.from([0x82, content.length >> 8, content.length & 0xff])
  return Buffer.concat([
    Buffer.from([tag]),
    content.length < 0x80 ? Buffer.from([content.length]) : length,
    content,
  ])
}

/** As `openssl ca` takes it: `20200101000000Z`. */
function formatTime(time: Date): string {
  return `${time.toISOString().replaceAll(/[-:T]/g, '').slice(0, 14)}Z`
}

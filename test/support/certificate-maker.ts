// Makes keys, certificates and revocation lists with the machine's `openssl`, in a temporary folder. Both the committed
// certificates (`scripts/make-certificates.ts`) and the zoo (`certificate-zoo.ts`) come from here.

import { execFileSync } from 'node:child_process'
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
  /** Default P-256. */
  readonly keyKind?: KeyKind
  /** Default sha256. */
  readonly digest?: string
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
    const subject = `/CN=${order.commonName}`
    this.run(
      'req',
      '-new',
      ...kind,
      '-nodes',
      '-subj',
      subject,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.csr`,
    )
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
    this.run('ca', '-batch', '-notext', '-extensions', `extensions-${name}`, ...dates, ...files, ...signer)
    return { key: this.read(`${name}.key`).toString(), cert: this.read(`${name}.crt`).toString() }
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

/** As `openssl ca` takes it: `20200101000000Z`. */
function formatTime(time: Date): string {
  return `${time.toISOString().replaceAll(/[-:T]/g, '').slice(0, 14)}Z`
}

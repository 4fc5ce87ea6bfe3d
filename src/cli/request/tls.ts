/** What the command line says about TLS, as options of the client. Reads the files that are named. */

import { createHash, createPublicKey, X509Certificate } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import path from 'node:path'
import type { TlsOptions } from '../../core/tls-options.ts'
import type { ExitName } from '../tell/exit-codes.ts'
import { CommandFailure, usageFailure } from '../tell/failure.ts'
import type { Options } from '../words/options.ts'
import type { Authorities, NamedPlace } from './authorities.ts'
import { readLocalFile } from './local-files.ts'

type TlsVersion = NonNullable<TlsOptions['minVersion']>

/** How the options begin that say it: those of a proxy have names of their own. */
export type TlsPrefix = '--' | '--proxy-'

/**
 * The options.
 * @throws CommandFailure of `usage`, `local-read`, `ca-file`, `crl` or `client-certificate`
 */
export async function readTlsOptions(
  options: Options,
  authorities: Authorities,
  by: TlsPrefix = '--',
): Promise<TlsOptions> {
  const { cert, key, crlfile, pinnedpubkey, insecure } = options
  if (key !== undefined && cert === undefined)
    throw usageFailure(`${by}key is of no use without ${by}cert`, `${by}cert FILE ${by}key FILE`)
  const ca = [
    ...(authorities.file === undefined ? [] : [await readAuthorities(authorities.file)]),
    ...(authorities.folder === undefined ? [] : await readFolder(authorities.folder)),
  ]
  const ciphers = [options.tls13Ciphers, options.ciphers].filter((one) => one !== undefined).join(':')
  const minVersion = minVersionOf(options)
  const maxVersion = maxVersionOf(options.tlsMax)
  if (maxVersion !== undefined && maxVersion < (minVersion ?? 'TLSv1.2'))
    throw new CommandFailure(
      'tls',
      `--tls-max ${options.tlsMax} leaves no version of TLS`,
      minVersion === undefined
        ? '--tlsv1.0 with it, for old devices'
        : 'an older one of --tlsv1.0 to --tlsv1.3',
    )
  return {
    verify: insecure !== true,
    ...(ca.length > 0 && { ca }),
    ...(cert !== undefined && (await readIdentity(cert, options, by))),
    ...(crlfile !== undefined && { crl: await readLists(crlfile, by) }),
    ...(pinnedpubkey !== undefined && { pin: await readPins(pinnedpubkey, by) }),
    ...(ciphers !== '' && { ciphers }),
    ...(minVersion !== undefined && { minVersion }),
    ...(maxVersion !== undefined && { maxVersion }),
  }
}

function minVersionOf(options: Options): TlsVersion | undefined {
  if (options.tlsv1_3 === true) return 'TLSv1.3'
  if (options.tlsv1_2 === true) return 'TLSv1.2'
  if (options.tlsv1_1 === true) return 'TLSv1.1'
  return options.tlsv1_0 === true || options.tlsv1 === true ? 'TLSv1' : undefined
}

const MAX_VERSIONS: Readonly<Record<string, TlsVersion | undefined>> = {
  default: undefined,
  '1.0': 'TLSv1',
  '1.1': 'TLSv1.1',
  '1.2': 'TLSv1.2',
  '1.3': 'TLSv1.3',
}

function maxVersionOf(text: string | undefined): TlsVersion | undefined {
  if (text === undefined) return undefined
  if (!Object.hasOwn(MAX_VERSIONS, text))
    throw usageFailure('--tls-max takes a version', '--tls-max 1.2, or 1.3')
  return MAX_VERSIONS[text]
}

async function readAuthorities({ path: file, by }: NamedPlace): Promise<Buffer> {
  const pem = await readFor('ca-file', file, by)
  // TLS would take a file without certificates for "trust nobody", and say so much later.
  if (isWithoutCertificate(pem))
    throw new CommandFailure('ca-file', `there is no certificate in ${file}`, `${by} with a file in PEM`)
  return pem
}

async function readFolder({ path: folder, by }: NamedPlace): Promise<Buffer[]> {
  const names = await readdir(folder).catch((cause: unknown) => {
    throw new CommandFailure('ca-file', `the folder ${folder} could not be read`, `another ${by}`, {
      cause,
    })
  })
  const files = await Promise.all(
    names.map((name) => readLocalFile(path.join(folder, name), by).catch(() => Buffer.alloc(0))),
  )
  return files.filter((pem) => !isWithoutCertificate(pem))
}

function isWithoutCertificate(pem: Buffer): boolean {
  return !pem.includes('-----BEGIN CERTIFICATE-----') && !pem.includes('-----BEGIN TRUSTED CERTIFICATE-----')
}

async function readLists(file: string, by: TlsPrefix): Promise<Buffer> {
  const pem = await readFor('crl', file, `${by}crlfile`)
  if (pem.includes('-----BEGIN X509 CRL-----')) return pem
  throw new CommandFailure('crl', `there is no revocation list in ${file}`, `${by}crlfile with a file in PEM`)
}

/** The certificate and key of `--cert FILE[:PASSPHRASE]` and `--key FILE`. */
async function readIdentity(cert: string, options: Options, by: TlsPrefix): Promise<TlsOptions> {
  const { file, passphrase } = splitPassphrase(cert)
  const bytes = await readFor('client-certificate', file, `${by}cert`)
  const phrase = options.pass ?? passphrase
  const secret = phrase === undefined ? {} : { passphrase: phrase }
  const type =
    options.certType?.toUpperCase() ?? (/\.(?:p12|pfx)$/i.test(path.basename(file)) ? 'P12' : 'PEM')
  for (const [name, said] of [
    [`${by}cert-type`, type],
    [`${by}key-type`, options.keyType?.toUpperCase() ?? 'PEM'],
  ] as const) {
    if (said !== 'PEM' && !(said === 'P12' && name === `${by}cert-type`))
      throw usageFailure(`${name} ${said} is not taken here`, 'a file in PEM, or a certificate in PKCS#12')
  }
  if (type === 'P12') return { pfx: bytes, ...secret }
  const key = options.key === undefined ? bytes : await readFor('client-certificate', options.key, `${by}key`)
  return { cert: bytes, key, ...secret }
}

/** A file whose absence has an exit code of its own. */
function readFor(exit: ExitName, file: string, purpose: string): Promise<Buffer> {
  return readLocalFile(file, purpose).catch((error: unknown) => {
    throw error instanceof CommandFailure
      ? new CommandFailure(exit, error.message, error.advice, error)
      : error
  })
}

/** At the first colon that has no backslash before it. */
function splitPassphrase(cert: string): { file: string; passphrase: string | undefined } {
  const colon = cert.search(/(?<!\\):/)
  const file = (colon < 0 ? cert : cert.slice(0, colon)).replaceAll('\\:', ':')
  return { file, passphrase: colon < 0 ? undefined : cert.slice(colon + 1) }
}

/** `sha256//BASE64;sha256//BASE64`, or a file with a public key or a certificate. */
async function readPins(text: string, by: TlsPrefix): Promise<string[]> {
  if (text.startsWith('sha256//')) {
    const pins = text.split(';').map((one) => one.replace('sha256//', 'sha256/'))
    if (pins.every((pin) => /^sha256\/[A-Za-z0-9+/]{43}=$/.test(pin))) return pins
    throw usageFailure(`${by}pinnedpubkey takes hashes of 44 characters`, "'sha256//AAAA…=;sha256//BBBB…='")
  }
  const bytes = await readLocalFile(text, `${by}pinnedpubkey`)
  try {
    return [`sha256/${createHash('sha256').update(publicKeyOf(bytes)).digest('base64')}`]
  } catch (cause) {
    throw new CommandFailure(
      'usage',
      `there is no public key in ${text}`,
      'a key in PEM or DER, or sha256//HASH',
      { cause },
    )
  }
}

function publicKeyOf(bytes: Buffer): Buffer {
  const spki = { type: 'spki', format: 'der' } as const
  if (bytes.includes('-----BEGIN CERTIFICATE-----')) return new X509Certificate(bytes).publicKey.export(spki)
  if (bytes.includes('-----BEGIN')) return createPublicKey(bytes).export(spki)
  return createPublicKey({ key: bytes, ...spki }).export(spki)
}

// The certificates of the TLS tests, made once by `scripts/make-certificates.ts`; their README tells what each is for.

import { readFileSync } from 'node:fs'
import type { KeyPair } from './certificate-maker.ts'
import { repositoryPath } from './repository.ts'

export type { KeyPair } from './certificate-maker.ts'

/** The authority that signed all certificates here but those signed by themselves. */
export const ca: string = readPem('ca.crt')

/** Valid for localhost, 127.0.0.1 and ::1. */
export const server: KeyPair = readPair('server')

/** A client's, for servers that ask for one; its subject is `CN=client`. */
export const client: KeyPair = readPair('client')

/** As `client`, in one PKCS #12 file under `passphrase`. */
export const clientPfx: Buffer = readFileSync(certificatePath('client.p12'))

/** As the key of `client`, encrypted under `passphrase`. */
export const encryptedClientKey: string = readPem('client-encrypted.key')

export const passphrase = 'passphrase'

/** Signed and named as `server`, and expired since 2020-01-02. */
export const expired: KeyPair = readPair('expired')

/** Signed, and valid for wrong.example only. */
export const wrongHost: KeyPair = readPair('wrong-host')

/** Named as `server`, and signed by itself alone. */
export const selfSigned: KeyPair = readPair('self-signed')

/** Named as `server`, signed by itself, and valid from 2119 on. */
export const notYetValid: KeyPair = readPair('not-yet-valid')

/** Has localhost for its common name and no subjectAltName; signed by itself. */
export const commonName: KeyPair = readPair('common-name')

/** Names 127.0.0.1 as if it were a host name, and no address; signed by itself. */
export const addressAsName: KeyPair = readPair('address-as-name')

/** The path of one of the files, for the command's `--cacert`, `--cert` and `--key`. */
export function certificatePath(name: string): string {
  return repositoryPath('test', 'support', 'certs', name)
}

function readPair(name: string): KeyPair {
  return { key: readPem(`${name}.key`), cert: readPem(`${name}.crt`) }
}

function readPem(name: string): string {
  return readFileSync(certificatePath(name), 'utf8')
}

// A layer in 35 lines: HTTP Message Signatures (RFC 9421), with Ed25519 or HMAC-SHA256, by node:crypto alone.

import { createHash, createHmac, type KeyObject, sign } from 'node:crypto'
import { type Layer, type OutgoingRequest, withChanges } from 'httplib-ts'

export interface SignatureOptions {
  readonly keyId: string
  /** A private key of Ed25519, or a secret key for HMAC. */
  readonly key: KeyObject
  /** What is signed: `@method`, `@authority`, `@path`, `@query`, `@target-uri`, and names of fields in lower case. */
  readonly components: readonly string[]
  readonly label?: string
  readonly now?: () => Date
}

export function signMessages({
  keyId,
  key,
  components,
  label = 'sig1',
  now = () => new Date(),
}: SignatureOptions): Layer {
  return (next) => (request) => {
    const signed = components.includes('content-digest') ? withDigest(request) : request
    const created = Math.floor(now().getTime() / 1_000)
    const names = components.map((name) => `"${name}"`).join(' ')
    const params = `(${names});created=${created};keyid="${keyId}"`
    const lines = components.map((name) => `"${name}": ${valueOf(signed, name)}`)
    const base = Buffer.from([...lines, `"@signature-params": ${params}`].join('\n'), 'latin1')
    const signature =
      key.type === 'secret' ? createHmac('sha256', key).update(base).digest() : sign(null, base, key)
    const fields = [
      ...signed.fields,
      ['Signature-Input', `${label}=${params}`],
      ['Signature', `${label}=:${signature.toString('base64')}:`],
    ] as const
    return next(withChanges(signed, { fields }))
  }
}

function valueOf({ method, url, fields, defaults }: OutgoingRequest, name: string): string {
  const { host, pathname, search, href } = new URL(url)
  const derived = {
    '@method': method,
    '@authority': host,
    '@path': pathname,
    '@query': search || '?',
    '@target-uri': href,
  }
  if (Object.hasOwn(derived, name)) return derived[name as keyof typeof derived]
  const own = fields.filter((line) => line[0].toLowerCase() === name)
  const lines = own.length > 0 ? own : defaults.filter((line) => line[0].toLowerCase() === name)
  if (lines.length === 0) throw new Error(`the request has no ${name} to be signed`)
  return lines.map(([, value]) => value.trim()).join(', ')
}

/** RFC 9530: a signature says nothing of a body whose digest it does not cover. */
function withDigest(request: OutgoingRequest): OutgoingRequest {
  const { body, fields } = request
  if (body.kind === 'chunks' || fields.some(([name]) => name.toLowerCase() === 'content-digest'))
    return request
  const hash = createHash('sha256')
    .update(body.kind === 'bytes' ? body.bytes : '')
    .digest('base64')
  return withChanges(request, { fields: [...fields, ['Content-Digest', `sha-256=:${hash}:`]] })
}

// A layer in 25 lines: it signs requests for AWS (Signature Version 4), by the AWS SDK's own @smithy/signature-v4.

import { Sha256 } from '@aws-crypto/sha256-js'
import { SignatureV4, type SignatureV4Init } from '@smithy/signature-v4'
import { type Layer, withChanges } from 'httplib-ts'

export type SigV4Options = Pick<SignatureV4Init, 'service' | 'region' | 'credentials' | 'applyChecksum'> & {
  readonly now?: () => Date
}

export function sigV4({ now = () => new Date(), ...options }: SigV4Options): Layer {
  const signer = new SignatureV4({ ...options, sha256: Sha256 })
  return (next) => async (request) => {
    const { method, body, fields } = request
    const { protocol, hostname, host, pathname: path, searchParams } = new URL(request.url)
    const query = Object.fromEntries(
      [...searchParams.keys()].map((name) => [name, searchParams.getAll(name)]),
    )
    // Bytes are signed. What is made while it is sent cannot be: S3 takes that, other services do not.
    const unsigned: Record<string, string> =
      body.kind === 'chunks' ? { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' } : {}
    const { headers } = await signer.sign(
      {
        method,
        protocol,
        hostname,
        path,
        query,
        headers: { host, ...unsigned },
        body: body.kind === 'bytes' ? body.bytes : undefined,
      },
      { signingDate: now() },
    )
    const signed = Object.entries(headers).filter(([name]) => name !== 'host')
    return next(withChanges(request, { fields: [...fields, ...signed] }))
  }
}

/**
 * Addresses and networks as numbers, so that one address that is written in many ways is one address. Pure.
 */

import { bytesOfAddress } from '../core/address-bytes.ts'
import { addressOfHost } from '../core/host.ts'

/** The bytes of an address: 4 or 16. An IPv6 address that stands for an IPv4 one (`::ffff:1.2.3.4`) has 4. */
export type AddressBytes = readonly number[]

/** Addresses that begin with the same bits. */
export interface Network {
  readonly bytes: AddressBytes
  readonly bits: number
}

const MAPPED: AddressBytes = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]

/** The bytes of a host that is an address, however it is written; undefined for a name. A zone makes no difference. */
export function addressBytes(host: string): AddressBytes | undefined {
  const bytes = plainBytes(host)
  return bytes !== undefined && isMapped(bytes) ? bytes.slice(12) : bytes
}

function isMapped(bytes: AddressBytes): boolean {
  return bytes.length === 16 && MAPPED.every((byte, at) => bytes[at] === byte)
}

function plainBytes(host: string): AddressBytes | undefined {
  const found = addressOfHost(host)
  return found === undefined ? undefined : bytesOfAddress(found)
}

/** Reads `10.0.0.0/8`, `fd00::/8`, or an address by itself; undefined for what is neither. */
export function readNetwork(text: string): Network | undefined {
  const slash = text.indexOf('/')
  const bytes = plainBytes(slash < 0 ? text : text.slice(0, slash))
  if (bytes === undefined) return undefined
  const length = bytes.length * 8
  const digits = text.slice(slash + 1)
  const bits = slash < 0 ? length : /^[0-9]{1,3}$/.test(digits) ? Number(digits) : Number.NaN
  if (!(bits <= length)) return undefined
  return isMapped(bytes) && bits >= 96 ? { bytes: bytes.slice(12), bits: bits - 96 } : { bytes, bits }
}

/** Whether an address is of a network. */
export function isInNetwork(address: AddressBytes, { bytes, bits }: Network): boolean {
  if (address.length !== bytes.length) return false
  return bytes.every((byte, at) => {
    const own = Math.min(8, Math.max(0, bits - at * 8))
    const mask = (0xff << (8 - own)) & 0xff
    return (byte & mask) === (address[at]! & mask)
  })
}

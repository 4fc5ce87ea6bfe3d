/**
 * IP addresses as numbers, and the ranges they lie in. RFC 4291 §2.2, RFC 4632. What is an address at all, host.ts says.
 */

import { bytesOfAddress } from './address-bytes.ts'
import { addressOfHost } from './host.ts'

/** An address as a number of 32 or 128 bits; a zone is no part of it. */
export interface IpAddress {
  readonly family: 4 | 6
  readonly value: bigint
}

/** All addresses that begin with the same bits. */
export interface IpRange {
  readonly family: 4 | 6
  /** The bits that they have in common, the others 0. */
  readonly base: bigint
  /** How many bits they have in common. */
  readonly length: number
}

const WIDTHS = { 4: 32, 6: 128 } as const

/** Reads an address in any spelling that a host may have, without brackets; undefined for what is none. */
export function readIpAddress(text: string): IpAddress | undefined {
  const found = addressOfHost(text)
  if (found === undefined) return undefined
  const value = bytesOfAddress(found).reduce((sum, byte) => sum * 256n + BigInt(byte), 0n)
  return { family: found.family, value }
}

/** The 4 or 16 bytes of an address, in network order. */
export function bytesOfIp({ family, value }: IpAddress): number[] {
  const count = WIDTHS[family] / 8
  return Array.from({ length: count }, (_, at) => Number((value >> BigInt(8 * (count - 1 - at))) & 0xffn))
}

/** The text of an IPv4 address. */
export function formatIPv4(value: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 0xffn).join('.')
}

/**
 * Reads `10.0.0.0/8`; an address alone is a range of one. Undefined for what is none, and where bits after the prefix are set:
 * one of the two numbers is a mistake then.
 */
export function readIpRange(text: string): IpRange | undefined {
  const [address = '', bits, ...more] = text.split('/')
  const ip = readIpAddress(address)
  if (ip === undefined || more.length > 0) return undefined
  const width = WIDTHS[ip.family]
  const length = bits === undefined ? width : /^\d{1,3}$/.test(bits) ? Number(bits) : Number.NaN
  if (!(length <= width)) return undefined
  const range = rangeAround(ip, length)
  return range.base === ip.value ? range : undefined
}

/** The addresses that begin with the same bits as one of them. */
export function rangeAround({ family, value }: IpAddress, length: number): IpRange {
  const shift = BigInt(WIDTHS[family] - length)
  return { family, base: (value >> shift) << shift, length }
}

/** True for an address of the range. */
export function isInRange({ family, value }: IpAddress, range: IpRange): boolean {
  const shift = BigInt(WIDTHS[family] - range.length)
  return family === range.family && value >> shift === range.base >> shift
}

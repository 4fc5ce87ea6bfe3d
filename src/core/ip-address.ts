/**
 * IP addresses as numbers, and the ranges they lie in. RFC 4291 §2.2, RFC 4632. What is an address at all, host.ts says.
 */

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
  const { address, family } = found
  return { family, value: family === 4 ? valueOfIPv4(address) : valueOfIPv6(address) }
}

/** Four decimal numbers. */
function valueOfIPv4(address: string): bigint {
  return address.split('.').reduce((value, part) => value * 256n + BigInt(part), 0n)
}

function valueOfIPv6(address: string): bigint {
  const [before = '', after] = address.split('::')
  const head = groupsOf(before)
  const tail = after === undefined ? [] : groupsOf(after)
  const left = Array.from({ length: 8 - head.length - tail.length }, () => 0n)
  return [...head, ...left, ...tail].reduce((value, group) => value * 65_536n + group, 0n)
}

/** Groups of 16 bits; the last one may be an IPv4 address, which is two. */
function groupsOf(text: string): bigint[] {
  if (text === '') return []
  return text.split(':').flatMap((group) => {
    if (!group.includes('.')) return [BigInt(`0x${group}`)]
    const value = valueOfIPv4(group)
    return [value >> 16n, value & 0xffffn]
  })
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

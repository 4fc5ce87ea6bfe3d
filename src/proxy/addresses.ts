/**
 * Addresses and networks of NO_PROXY: one address that is written in many ways is one address. Pure.
 */

import { type IpAddress, type IpRange, rangeAround, readIpAddress } from '../core/ip-address.ts'

/** `::ffff:0:0/96`: IPv6 addresses that stand for IPv4 ones (RFC 4291 §2.5.5.2). */
const MAPPED = 0xffffn << 32n
const IPV4 = 0xffff_ffffn

/** A host that is an address, however it is written; undefined for a name. `::ffff:1.2.3.4` is 1.2.3.4. */
export function addressOf(host: string): IpAddress | undefined {
  const ip = readIpAddress(host)
  return ip !== undefined && isMapped(ip) ? inside(ip) : ip
}

function isMapped({ family, value }: IpAddress): boolean {
  return family === 6 && (value & ~IPV4) === MAPPED
}

function inside({ value }: IpAddress): IpAddress {
  return { family: 4, value: value & IPV4 }
}

/**
 * Reads `10.0.0.0/8`, `fd00::/8`, or an address by itself; undefined for what is neither. Bits after the prefix are left out, as
 * curl does.
 */
export function readNetwork(text: string): IpRange | undefined {
  const slash = text.indexOf('/')
  const ip = readIpAddress(slash < 0 ? text : text.slice(0, slash))
  if (ip === undefined) return undefined
  const width = ip.family === 4 ? 32 : 128
  const digits = text.slice(slash + 1)
  const length = slash < 0 ? width : /^[0-9]{1,3}$/.test(digits) ? Number(digits) : Number.NaN
  if (!(length <= width)) return undefined
  return isMapped(ip) && length >= 96 ? rangeAround(inside(ip), length - 96) : rangeAround(ip, length)
}

/**
 * Whether an address is the public internet's, and why not. Pure; the table is special-addresses.ts.
 */

import {
  formatIPv4,
  type IpAddress,
  type IpRange,
  isInRange,
  readIpAddress,
  readIpRange,
} from '../../core/ip-address.ts'
import { type SpecialRange, specialRanges } from './special-addresses.ts'

/** What is known of an address. */
export interface AddressJudgement {
  readonly isPublic: boolean
  /** The narrowest range that decides: `10.0.0.0/8`. */
  readonly range: string
  /** What the range is for. */
  readonly name: string
  /** Who says so: `RFC 1918`. */
  readonly source: string
  /** The IPv4 address that stands in an IPv6 address and decides; undefined where the address itself does. */
  readonly inside: string | undefined
}

interface Entry {
  readonly row: SpecialRange
  readonly range: IpRange
}

/** The table with its ranges read, the narrowest first; made when it is asked for. */
let entries: readonly Entry[] | undefined

function table(): readonly Entry[] {
  entries ??= specialRanges()
    .map((row) => ({ row, range: readIpRange(row.range)! }))
    .sort((a, b) => b.range.length - a.range.length)
  return entries
}

/** Judges an address, in any spelling that a host may have, a zone perhaps after it; undefined for what is none. */
export function judgeAddress(text: string): AddressJudgement | undefined {
  const ip = readIpAddress(text)
  return ip === undefined ? undefined : judge(ip)
}

function judge(ip: IpAddress): AddressJudgement {
  // Each family has a range for all of it.
  const { row } = table().find(({ range }) => isInRange(ip, range))!
  const { isPublic, range, name, source } = row
  const inside = isPublic && (row.holdsIPv4 || isIsatap(ip)) ? lastIPv4(ip) : undefined
  if (inside !== undefined) return { ...judge(inside), inside: formatIPv4(inside.value) }
  return { isPublic, range, name, source, inside: undefined }
}

/** The interface identifiers of ISATAP (RFC 5214 §6.1): the IPv4 address of the host comes after them. */
const ISATAP: readonly bigint[] = [0x0000_5efen, 0x0200_5efen]

function isIsatap({ family, value }: IpAddress): boolean {
  return family === 6 && ISATAP.includes((value >> 32n) & 0xffff_ffffn)
}

function lastIPv4({ value }: IpAddress): IpAddress {
  return { family: 4, value: value & 0xffff_ffffn }
}

/**
 * True for an address of the public internet, by the special-purpose registries of IANA: what the guard `'public-only'` lets
 * through. For a guard of your own: `guard: (address, url) => url.hostname === 'wiki.corp' || isPublicAddress(address)`.
 * @param address - IPv4 or IPv6, as text; false for what is none
 */
export function isPublicAddress(address: string): boolean {
  return typeof address === 'string' && judgeAddress(address)?.isPublic === true
}

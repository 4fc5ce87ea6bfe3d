/** The bytes of an address that `addressOfHost` has found, as they go over the wire and as networks are compared. */

import type { HostAddress } from './host.ts'

/** Its 4 or 16 bytes, in network order; the zone is no part of them. */
export function bytesOfAddress({ address, family }: HostAddress): number[] {
  if (family === 4) return ipv4Bytes(address)
  const [before, after] = address.split('::')
  const head = groupBytes(before!)
  if (after === undefined) return head
  const tail = groupBytes(after)
  return [...head, ...Array<number>(16 - head.length - tail.length).fill(0), ...tail]
}

function ipv4Bytes(text: string): number[] {
  return text.split('.').map(Number)
}

/** Groups of 16 bits, the last perhaps as IPv4. */
function groupBytes(text: string): number[] {
  if (text === '') return []
  return text.split(':').flatMap((group) => {
    if (group.includes('.')) return ipv4Bytes(group)
    const value = Number.parseInt(group, 16)
    return [value >> 8, value & 0xff]
  })
}

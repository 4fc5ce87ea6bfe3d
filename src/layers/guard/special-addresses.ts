/**
 * Which addresses are the public internet's: the special-purpose registries of IANA for IPv4 and IPv6 (RFC 6890, RFC 8190) as one
 * table, with what other registries and the operators of clouds add to it. The narrowest range that an address lies in decides.
 * docs/guard.md is made from the table.
 */

/** A range of addresses with a purpose of its own. */
export interface SpecialRange {
  readonly range: string
  /** The name, as its registry has it, or what it is known for. */
  readonly name: string
  /** Who says so. */
  readonly source: string
  /** `Globally Reachable` of the registry: what is reached by it is on the public internet. */
  readonly isPublic: boolean
  /** The IPv4 address in the last 32 bits decides. */
  readonly holdsIPv4: boolean
}

type Row = readonly [range: string, name: string, source: string]

/** Not on the public internet. */
const PRIVATE: readonly Row[] = [
  ['0.0.0.0/8', 'This network', 'RFC 791 §3.2'],
  ['0.0.0.0/32', 'This host on this network', 'RFC 1122 §3.2.1.3'],
  ['10.0.0.0/8', 'Private-Use', 'RFC 1918'],
  ['100.64.0.0/10', 'Shared Address Space', 'RFC 6598'],
  ['100.100.100.200/32', 'metadata of Alibaba Cloud', 'Alibaba Cloud'],
  ['127.0.0.0/8', 'Loopback', 'RFC 1122 §3.2.1.3'],
  ['168.63.129.16/32', 'virtual public address of the host in Azure', 'Microsoft'],
  ['169.254.0.0/16', 'Link-Local', 'RFC 3927'],
  ['169.254.169.254/32', 'metadata of clouds: AWS, Azure, Google and others', 'RFC 3927'],
  ['172.16.0.0/12', 'Private-Use', 'RFC 1918'],
  ['192.0.0.0/24', 'IETF Protocol Assignments', 'RFC 6890 §2.1'],
  ['192.0.0.0/29', 'IPv4 Service Continuity Prefix', 'RFC 7335'],
  ['192.0.0.8/32', 'IPv4 dummy address', 'RFC 7600'],
  ['192.0.0.170/31', 'NAT64/DNS64 Discovery', 'RFC 8880'],
  ['192.0.0.192/32', 'metadata of Oracle Cloud', 'Oracle'],
  ['192.0.2.0/24', 'Documentation (TEST-NET-1)', 'RFC 5737'],
  ['192.88.99.0/24', 'Deprecated (6to4 Relay Anycast)', 'RFC 7526'],
  ['192.168.0.0/16', 'Private-Use', 'RFC 1918'],
  ['198.18.0.0/15', 'Benchmarking', 'RFC 2544'],
  ['198.51.100.0/24', 'Documentation (TEST-NET-2)', 'RFC 5737'],
  ['203.0.113.0/24', 'Documentation (TEST-NET-3)', 'RFC 5737'],
  ['224.0.0.0/4', 'Multicast', 'RFC 5771'],
  ['240.0.0.0/4', 'Reserved', 'RFC 1112 §4'],
  ['255.255.255.255/32', 'Limited Broadcast', 'RFC 8190'],
  ['::/0', 'not allocated: only 2000::/3 is global unicast', 'RFC 4291 §2.4'],
  ['::/128', 'Unspecified Address', 'RFC 4291 §2.5.2'],
  ['::1/128', 'Loopback Address', 'RFC 4291 §2.5.3'],
  ['::/96', 'IPv4-compatible, deprecated', 'RFC 4291 §2.5.5.1'],
  ['64:ff9b:1::/48', 'IPv4-IPv6 Translation, local use', 'RFC 8215'],
  ['100::/64', 'Discard-Only Address Block', 'RFC 6666'],
  ['100:0:0:1::/64', 'Dummy IPv6 Prefix', 'RFC 9780'],
  ['2001::/23', 'IETF Protocol Assignments', 'RFC 2928'],
  ['2001::/32', 'TEREDO', 'RFC 4380'],
  ['2001:2::/48', 'Benchmarking', 'RFC 5180'],
  ['2001:10::/28', 'Deprecated (previously ORCHID)', 'RFC 4843'],
  ['2001:db8::/32', 'Documentation', 'RFC 3849'],
  ['2002::/16', '6to4', 'RFC 7526'],
  ['3fff::/20', 'Documentation', 'RFC 9637'],
  ['5f00::/16', 'Segment Routing (SRv6) SIDs', 'RFC 9602'],
  ['fc00::/7', 'Unique-Local', 'RFC 4193'],
  ['fd00:ec2::254/128', 'metadata of AWS', 'Amazon'],
  ['fd20:ce::254/128', 'metadata of Google Cloud', 'Google'],
  ['fe80::/10', 'Link-Local Unicast', 'RFC 4291 §2.5.6'],
  ['fec0::/10', 'Site-Local, deprecated', 'RFC 3879'],
  ['ff00::/8', 'Multicast', 'RFC 4291 §2.7'],
]

/** On the public internet: whole parts of it, and exceptions within the ranges above. */
const PUBLIC: readonly Row[] = [
  ['0.0.0.0/0', 'IPv4', 'RFC 791'],
  ['192.0.0.9/32', 'Port Control Protocol Anycast', 'RFC 7723'],
  ['192.0.0.10/32', 'Traversal Using Relays around NAT Anycast', 'RFC 8155'],
  ['192.31.196.0/24', 'AS112-v4', 'RFC 7535'],
  ['192.52.193.0/24', 'AMT', 'RFC 7450'],
  ['192.175.48.0/24', 'Direct Delegation AS112 Service', 'RFC 7534'],
  ['2000::/3', 'Global Unicast', 'RFC 4291 §2.5.4'],
  ['2001:1::1/128', 'Port Control Protocol Anycast', 'RFC 7723'],
  ['2001:1::2/128', 'Traversal Using Relays around NAT Anycast', 'RFC 8155'],
  ['2001:1::3/128', 'DNS-SD Service Registration Protocol Anycast', 'RFC 9665'],
  ['2001:3::/32', 'AMT', 'RFC 7450'],
  ['2001:4:112::/48', 'AS112-v6', 'RFC 7535'],
  ['2001:20::/28', 'ORCHIDv2', 'RFC 7343'],
  ['2001:30::/28', 'Drone Remote ID Protocol Entity Tags (DETs) Prefix', 'RFC 9374'],
  ['2620:4f:8000::/48', 'Direct Delegation AS112 Service', 'RFC 7534'],
]

/** The last 32 bits are an IPv4 address, which is the one connected to. */
const OF_IPV4: readonly Row[] = [
  ['::ffff:0:0/96', 'IPv4-mapped Address', 'RFC 4291 §2.5.5.2'],
  ['64:ff9b::/96', 'IPv4-IPv6 Translation', 'RFC 6052'],
]

/** The table. Made when it is asked for: most processes guard nothing. */
export const specialRanges = (): readonly SpecialRange[] => [
  ...PRIVATE.map((row) => toRange(row, false)),
  ...PUBLIC.map((row) => toRange(row, true)),
  ...OF_IPV4.map((row) => toRange(row, true, true)),
]

function toRange([range, name, source]: Row, isPublic: boolean, holdsIPv4 = false): SpecialRange {
  return { range, name, source, isPublic, holdsIPv4 }
}

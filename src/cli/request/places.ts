/**
 * Where connections lead instead of where the URL says: `--connect-to` bends a place, `--resolve` knows the addresses of one.
 * Pure.
 */

import { addressOfHost } from '../../core/host.ts'
import type { DialTarget } from '../../io/dial.ts'
import type { Lookup } from '../../io/lookup.ts'
import { usageFailure } from '../tell/failure.ts'
import type { Options } from '../words/options.ts'

/** A host, without brackets, and a port. */
interface Place {
  readonly host: string
  readonly port: number
}

/** What is said of the places of one operation. */
export interface Places {
  /** Bends the place of a server; undefined where nothing is said of it. */
  readonly bend: (place: Place) => Place | undefined
  /** What `--resolve` says of a place; undefined where it says nothing. */
  readonly known: (place: Place) => { readonly addresses: readonly string[] } | undefined
  /** Where a connection is made to: bent where it is to a server, its addresses those that are known. */
  readonly dialed: (target: DialTarget) => DialTarget
  /** Where a proxy is asked to lead to: bent, and with the addresses for a proxy that takes no names. */
  readonly beyond: (target: DialTarget) => DialTarget
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 }

/** The place that a URL says. */
export function placeOf({ protocol, hostname, port }: URL): Place {
  return { host: bareHost(hostname), port: port === '' ? DEFAULT_PORTS[protocol]! : Number(port) }
}

/** @throws CommandFailure of `resolve-syntax` */
export function readPlaces({ connectTo = [], resolve = [] }: Options): Places {
  const bends = connectTo.map(readConnectTo)
  // The last that is said of a name counts, as in curl.
  const resolved = resolve.flatMap(readResolve).reverse()
  const bend = ({ host, port }: Place): Place | undefined => {
    const found = bends.find(
      (one) => matches(one.host, host) && (one.port === '' || Number(one.port) === port),
    )
    if (found === undefined) return undefined
    return {
      host: found.toHost === '' ? host : found.toHost,
      port: found.toPort === '' ? port : Number(found.toPort),
    }
  }
  const known = ({ host, port }: Place): (typeof resolved)[number] | undefined => {
    const here = resolved.filter((one) => one.port === port)
    return here.find((one) => matches(one.host, host)) ?? here.find((one) => one.host === '*')
  }
  const addressesOf = (place: Place): readonly string[] | undefined =>
    // localhost and names below it are this machine, whatever a resolver knows of them (RFC 6761 §6.3), as in curl.
    known(place)?.addresses ?? (/(?:^|\.)localhost\.?$/i.test(place.host) ? ['::1', '127.0.0.1'] : undefined)
  return {
    bend,
    known,
    dialed(target) {
      if (target.socketPath !== undefined) return target
      // A proxy is where it is: what is bent is where it leads to.
      const { host, port } = (target.role === undefined ? bend(target) : undefined) ?? target
      const addresses = addressesOf({ host, port })
      // The name stays that of the URL: it is what TLS asks for.
      if (addresses === undefined) return { ...target, port, place: host }
      // An address is not looked up.
      return {
        ...target,
        port,
        place: familyOf(host) === 0 ? host : addresses[0],
        lookup: answering(addresses),
      }
    },
    beyond(target) {
      const { host, port } = bend(target) ?? target
      // A SOCKS proxy is given one address, and more of them know IPv4.
      const addresses = addressesOf({ host, port })?.toSorted((one, other) => familyOf(one) - familyOf(other))
      return {
        ...target,
        port,
        place: host,
        ...(addresses !== undefined && { lookup: answering(addresses) }),
      }
    },
  }
}

function matches(pattern: string, host: string): boolean {
  return pattern === '' || pattern.toLowerCase() === host.toLowerCase()
}

/** `[addr]:port` and `host:port`: the parts, brackets taken away. */
const HOST = String.raw`(\[[^\]]*\]|[^:]*)`
const CONNECT_TO = new RegExp(`^${HOST}:(\\d*):${HOST}(?::(\\d*))?$`)
const RESOLVE = new RegExp(`^\\+?${HOST}:(\\d+):(.+)$`)
const MAX_PORT = 65_535

/** The last colon may be left out, with what comes after it: as in curl. */
function readConnectTo(text: string): { host: string; port: string; toHost: string; toPort: string } {
  const [, host, port, toHost, toPort = ''] = CONNECT_TO.exec(text) ?? []
  if (host === undefined || port === undefined || toHost === undefined || Number(toPort) > MAX_PORT)
    throw usageFailure(
      '--connect-to cannot be read',
      '--connect-to HOST:PORT:HOST:PORT',
      undefined,
      'resolve-syntax',
    )
  return { host: bareHost(host), port, toHost: bareHost(toHost), toPort }
}

function readResolve(text: string): { host: string; port: number; addresses: readonly string[] }[] {
  if (text.startsWith('-')) return []
  const [, host, port, list = ''] = RESOLVE.exec(text) ?? []
  const addresses = list.split(',').map(bareHost)
  if (host === undefined || port === undefined || addresses.some((one) => familyOf(one) === 0))
    throw usageFailure('--resolve cannot be read', '--resolve HOST:PORT:ADDRESS', undefined, 'resolve-syntax')
  return [{ host: bareHost(host), port: Number(port), addresses }]
}

/** Without the brackets of an IPv6 address. */
function bareHost(host: string): string {
  return host.startsWith('[') ? host.slice(1, -1) : host
}

function answering(addresses: readonly string[]): Lookup {
  return (_host, _options, done) =>
    done(
      null,
      addresses.map((address) => ({ address, family: familyOf(address) })),
    )
}

/** 4 or 6; 0 for a name. */
export function familyOf(host: string): number {
  return addressOfHost(host)?.family ?? 0
}

/**
 * Hosts that are reached without a proxy: `NO_PROXY`, and `no` of the option. Names match themselves and what is below them;
 * addresses are compared as numbers, however they are written. docs/proxies.md has the table of cases. Pure.
 */

import { type IpAddress, type IpRange, isInRange } from '../core/ip-address.ts'
import { addressOf, readNetwork } from './addresses.ts'

/** One entry of the list. */
export interface NoProxyRule {
  /** As it was written. */
  readonly text: string
  /** The port it is for; undefined for all. */
  readonly port: number | undefined
  readonly of:
    | { readonly kind: 'all' }
    | { readonly kind: 'network'; readonly network: IpRange }
    /** In lower case, without dots around it. */
    | { readonly kind: 'name'; readonly name: string }
    /** It can match nothing. */
    | { readonly kind: 'nothing' }
}

const SEPARATORS = /[\s,]+/
const WITH_PORT = /^(.*):([0-9]{1,5})$/s
const BEYOND_ASCII = /[^\0-\x7f]/

/** Reads a list: entries between commas or white space, or one by one. */
export function parseNoProxy(list: string | readonly string[]): readonly NoProxyRule[] {
  const texts = typeof list === 'string' ? [list] : list
  return texts
    .flatMap((text) => text.split(SEPARATORS))
    .filter((text) => text !== '')
    .map(parseRule)
}

function parseRule(text: string): NoProxyRule {
  if (text === '*') return { text, port: undefined, of: { kind: 'all' } }
  // Without brackets it may be an IPv6 address, whose last group is no port.
  const whole = readNetwork(withoutBrackets(text))
  if (whole !== undefined) return { text, port: undefined, of: { kind: 'network', network: whole } }
  const [, host = text, digits] = WITH_PORT.exec(text) ?? []
  const port = digits === undefined ? undefined : Number(digits)
  if (host === '*') return { text, port, of: { kind: 'all' } }
  const network = readNetwork(withoutBrackets(host))
  if (network !== undefined) return { text, port, of: { kind: 'network', network } }
  const name = nameOf(host.replace(/^\*?\./, ''))
  return { text, port, of: isName(name) ? { kind: 'name', name } : { kind: 'nothing' } }
}

function withoutBrackets(text: string): string {
  return text.replace(/^\[([^\]]*)\](?=$|\/)/, '$1')
}

/** What has these is no name: a URL, a broken network, an address that is none. */
function isName(name: string): boolean {
  return name !== '' && !/[/:@[\]*?#\\]/.test(name)
}

function nameOf(host: string): string {
  const plain = host.replace(/\.$/, '')
  if (!BEYOND_ASCII.test(plain)) return plain.toLowerCase()
  const url = `http://${plain}`
  return URL.canParse(url) ? new URL(url).hostname : ''
}

/** The entry that keeps a host from being reached through a proxy; undefined where none does. */
export function matchNoProxy(
  rules: readonly NoProxyRule[],
  host: string,
  port: number,
): NoProxyRule | undefined {
  if (rules.length === 0) return undefined
  const address = addressOf(host)
  const name = nameOf(host)
  return rules.find((rule) => (rule.port === undefined || rule.port === port) && isFor(rule, name, address))
}

function isFor({ of }: NoProxyRule, name: string, address: IpAddress | undefined): boolean {
  switch (of.kind) {
    case 'all':
      return true
    case 'network':
      return address !== undefined && isInRange(address, of.network)
    case 'name':
      return address === undefined && (name === of.name || name.endsWith(`.${of.name}`))
    default:
      return false
  }
}

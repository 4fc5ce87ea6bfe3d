// Generated cases of NO_PROXY: a list and a URL, made from few hosts, so that they often have to do with each other.

import { makePrng } from '../../support/prng.ts'

/** A list, and a URL that is asked for. */
export interface NoProxyCase {
  readonly list: string
  readonly url: string
}

const NAMES = [
  'example.test',
  'www.example.test',
  'a.b.example.test',
  'nonexample.test',
  'test',
  'localhost',
  'a',
  '10.test',
]
/** Addresses, each in several spellings. */
const V4 = ['127.0.0.1', '10.0.0.1', '10.1.2.3', '192.168.1.255', '0.0.0.0']
const V4_ODD = ['0x7f.1', '2130706433', '017700000001', '127.1', '0xa.0.0.1', '10.66051', '127.0.0.1.']
const V6 = [
  '::1',
  '::',
  '2001:db8::1',
  '2001:DB8:0:0:0:0:0:1',
  'fe80::1',
  'fdab::1',
  '::ffff:127.0.0.1',
  '::ffff:a00:1',
]

/** Cases from a seed. */
export function generateCases(seed: number, count: number): NoProxyCase[] {
  const next = makePrng(seed, 'no-proxy')
  const below = (limit: number): number => next() % limit
  const pick = <T>(list: readonly T[]): T => list[below(list.length)]!

  const host = (): string => {
    const kind = below(10)
    if (kind < 4) return pick(NAMES)
    if (kind < 6) return pick(V4)
    if (kind < 8) return pick(V4_ODD)
    return `[${pick(V6)}]`
  }
  const url = (): string => {
    const shown = below(4) === 0 ? host().toUpperCase() : host()
    const dot = below(8) === 0 && /[a-z]$/i.test(shown) ? '.' : ''
    return `http://${shown}${dot}${pick(['', '', ':80', ':8080'])}/`
  }
  const entry = (): string => {
    const of = host()
    switch (below(14)) {
      case 0:
        return `.${of}`
      case 1:
        return `${of}.`
      case 2:
        return of.toUpperCase()
      case 3:
        return `*.${of}`
      case 4:
        return `${of}:${pick([80, 8080])}`
      case 5:
      case 6:
        return `${of.replace(/^\[|\]$/g, '')}/${pick([0, 1, 8, 10, 16, 24, 31, 32, 33, 64, 96, 104, 128, 129])}`
      case 7:
        return of.replace(/^\[|\]$/g, '')
      case 8:
        return of.slice(below(of.length))
      case 9:
        return of.slice(0, 1 + below(of.length))
      case 10:
        return pick(['*', '.', ',', '*:8080', '/', ':', '[]', '..', '*.', 'http://example.test'])
      default:
        return of
    }
  }
  const list = (): string => {
    const entries = Array.from({ length: 1 + below(3) }, entry)
    return entries.join(pick([',', ', ', ' ', ' , ']))
  }
  return Array.from({ length: count }, () => ({ list: list(), url: url() }))
}

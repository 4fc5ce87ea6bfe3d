// Sequences of requests whose responses set cookies, made from a seed: the hosts of one domain, paths, http and https, and
// fields that are plain, odd, and wrong.

import { makePrng } from '../../support/prng.ts'

/** A request, and what its response sets. */
export interface Step {
  readonly scheme: 'http' | 'https'
  readonly host: string
  readonly path: string
  readonly setCookies: readonly string[]
}

/** What one client does, one step after the other. No two sequences share a host. */
export interface Sequence {
  readonly id: number
  readonly steps: readonly Step[]
}

/** Of requests. */
const PATHS = ['/', '/x', '/x/', '/x/y', '/x/y/z', '/xy', '/x%20y', '/%78/y', '/X']
const PLAIN_PATHS = ['/', '/x', '/x/y', '/x/y/z', '/xy', '/x%20y', '/%78/y', '/X', '']
const ODD_PATHS = ['/x/', 'x', '"/x"', '/x;']
const NAMES = ['a', 'a', 'b', 'b', 'c', '__Secure-s', '__Host-h', 'a b', 'x.y', '$v', '\u00c3\u00a9']
const ODD_NAMES = ['A', '__host-h', 'a\t']
const VALUES = ['1', '2', '3', '', '"q"', '"q r"', 'a=b=', 'a,b', ' s ', 'a b', '%3B', '\u00c3\u00a0', "'"]
const ODD_PAIRS = ['nothing', '=value', '', ' ', '=']
/** Name and value come to 4,096 bytes, and to one more. */
const LONG_PAIRS = [`big=${'x'.repeat(4_093)}`, `big=${'x'.repeat(4_094)}`]
const NUMBERS = ['1000', '1000', '0', '-1', '9'.repeat(30)]
const ODD_NUMBERS = ['+5', '5s', '"5"', '', '1.5']
const DATES = [
  'Wed, 09 Jun 2027 10:18:14 GMT',
  'Wednesday, 09-Jun-27 10:18:14 GMT',
  'Wed Jun  9 10:18:14 2027',
  '9 Jun 2027 10:18:14',
  'Thu, 01 Jan 1970 00:00:00 GMT',
  'Sat, 31 Dec 2022 23:59:59 GMT',
]
const ODD_DATES = ['31 Dec 2022 23:59:60 GMT', '30 Feb 2022 10:00:00 GMT', '2022-06-09', 'never', '']

/** The first `count` sequences of a seed. */
export function makeSequences(seed: number, count: number): Sequence[] {
  return Array.from({ length: count }, (_, id) => makeSequence(seed, id))
}

function makeSequence(seed: number, id: number): Sequence {
  const next = makePrng(seed, `cookies ${id}`)
  const one = <T>(of: readonly T[]): T => of[next() % of.length]!
  const chance = (percent: number): boolean => next() % 100 < percent
  // In one half, whatever differs is a fault: what clients read in different ways is in the other.
  const isOdd = chance(50)
  const odd = <T>(plain: readonly T[], strange: readonly T[]): T => one(isOdd && chance(50) ? strange : plain)
  const domain = `d${id}.test`
  const hosts = [domain, domain, `a.${domain}`, `a.${domain}`, `b.a.${domain}`, `e${id}.test`]
  const domains = [domain, `.${domain}`, `a.${domain}`, `.A.${domain.toUpperCase()}`, `b.a.${domain}`]
  const wrongDomains = [
    'test',
    '.test',
    `e${id}.test`,
    `${id}.test`,
    `..${domain}`,
    `${domain}.`,
    '127.0.0.1',
  ]
  const attributes = (): string[] => {
    const said: string[] = []
    if (chance(40)) said.push(`Domain=${chance(80) ? one(domains) : odd(wrongDomains, ['.', ''])}`)
    if (chance(40)) said.push(`Path=${odd(PLAIN_PATHS, ODD_PATHS)}`)
    if (chance(15)) said.push(odd(['Secure', 'secure'], ['Secure=1', 'SECURE=false']))
    if (chance(10)) said.push(odd(['HttpOnly', 'httponly'], ['httponly=0']))
    if (chance(25)) said.push(`Max-Age=${odd(NUMBERS, ODD_NUMBERS)}`)
    if (chance(25)) said.push(`Expires=${odd(DATES, ODD_DATES)}`)
    if (chance(10))
      said.push(one(['SameSite=Lax', 'SameSite=None', 'Partitioned', 'Priority=High', 'Unknown', '=', '']))
    return said
  }
  const pair = (): string => {
    if (chance(4)) return odd(LONG_PAIRS, ODD_PAIRS)
    return `${odd(NAMES, ODD_NAMES)}${chance(90) ? '=' : one([' = ', '= '])}${one(VALUES)}`
  }
  const field = (): string => {
    const parts = [pair(), ...attributes()]
    return parts.join(chance(85) ? '; ' : one([';', ' ; ', ';;', ' ;\t']))
  }
  const steps = Array.from({ length: 5 + (next() % 5) }, (): Step => {
    const setCookies = Array.from({ length: next() % 4 }, field)
    return { scheme: chance(20) ? 'https' : 'http', host: one(hosts), path: one(PATHS), setCookies }
  })
  return { id, steps }
}

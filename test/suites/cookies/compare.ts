// The cookies of two clients held against each other, and the table of what differs and why.

import { trimWhitespace } from '../../../src/core/grammar.ts'
import type { Sequence } from './sequences.ts'

/** A difference that is known: curl 7.88 does something else than this package with a field like that. */
export interface KnownDifference {
  readonly id: string
  /** What each does, for docs/cookies.md. */
  readonly ours: string
  readonly curls: string
  /** True where it is always curl that sends a cookie more. */
  readonly isCurlsOnly?: boolean
  /** Whether a Set-Cookie field is one of these, among the others of its sequence. */
  readonly meets: (field: string, others: readonly string[]) => boolean
}

/** The value of the last attribute of a name in a field; undefined where there is none. */
function attributeOf(field: string, name: string): string | undefined {
  const said = field.split(';').slice(1)
  const last = said.findLast((part) => nameOf(part).toLowerCase() === name)
  return last === undefined ? undefined : trimWhitespace(last.split('=').slice(1).join('='))
}

/** The path that a field says; empty for the default. */
function pathOf(field: string): string {
  return attributeOf(field, 'path') ?? ''
}

/** The name of a cookie or of an attribute. */
function nameOf(part: string): string {
  return trimWhitespace(part.split('=')[0]!)
}

/** The table. */
export const KNOWN_DIFFERENCES: readonly KnownDifference[] = [
  {
    id: 'flag with a value',
    ours: '`Secure=1` and `HttpOnly=0` are Secure and HttpOnly (RFC 6265 §5.2.5)',
    curls: 'are not',
    meets: (field) => (attributeOf(field, 'secure') ?? attributeOf(field, 'httponly') ?? '') !== '',
  },
  {
    id: 'path with a slash at its end',
    ours: '`Path=/x/` does not match `/x` (RFC 6265 §5.1.4)',
    curls: 'the slash is taken off',
    meets: (field) => /.\/$/.test(attributeOf(field, 'path') ?? ''),
  },
  {
    id: 'path that is none',
    ours: '`Path=x` and `Path="/x"` stand for the default path (RFC 6265 §5.2.4)',
    curls: 'quotes are taken off, and what is no path is `/`',
    meets: (field) => !(attributeOf(field, 'path') ?? '/').startsWith('/'),
  },
  {
    id: 'no name',
    ours: '`=value` is ignored as a whole (RFC 6265 §5.2)',
    curls: 'the attribute after it is taken for the cookie',
    meets: (field) => nameOf(field.split(';')[0]!) === '',
  },
  {
    id: 'number that is none',
    ours: '`Max-Age=5s`, `=1.5`, `=+5`, `="5"` and `=` are not said (RFC 6265 §5.2.2)',
    curls: 'are read as far as they are a number; what is none is 0',
    meets: (field) => {
      const said = attributeOf(field, 'max-age')
      return said !== undefined && !/^-?[0-9]+$/.test(said)
    },
  },
  {
    id: 'domain that is none',
    ours: '`Domain=.` is not said (RFC 6265 §5.2.3)',
    curls: 'the cookie is ignored',
    meets: (field) => attributeOf(field, 'domain') === '.',
  },
  {
    id: 'date that is none',
    ours: '`23:59:60` and 30 February are not said (RFC 6265 §5.1.1)',
    curls: 'are the minute and the day after it',
    meets: (field) => /:60 |30 feb/i.test(attributeOf(field, 'expires') ?? ''),
  },
  {
    id: 'letter case of a name',
    ours: '`A` and `a` are two cookies',
    curls: 'the later one takes the place of the other',
    meets: (field, others) => {
      const name = nameOf(field.split(';')[0]!)
      const isOther = (other: string): boolean => other !== name && other.toLowerCase() === name.toLowerCase()
      return others.some((other) => isOther(nameOf(other.split(';')[0]!)))
    },
  },
  {
    id: 'for the host and for the domain',
    ours: 'a cookie of the same name, domain and path takes the place of another, with `Domain` or without (RFC 6265 §5.3)',
    curls: 'they are two',
    meets: (field, others) => {
      const [name, hasDomain] = [nameOf(field.split(';')[0]!), attributeOf(field, 'domain') !== undefined]
      return others.some(
        (other) =>
          nameOf(other.split(';')[0]!) === name && (attributeOf(other, 'domain') !== undefined) !== hasDomain,
      )
    },
  },
  {
    id: 'letter case of a path',
    ours: '`Path=/x` and `Path=/X` are two cookies',
    curls: 'the later one takes the place of the other',
    meets: (field, others) => {
      // A default path may be the other one.
      const [name, path] = [nameOf(field.split(';')[0]!), pathOf(field)]
      const same = others.filter((other) => nameOf(other.split(';')[0]!) === name)
      return /[A-Z]/.test(path)
        ? same.some((other) => !/[A-Z]/.test(pathOf(other)))
        : same.some((other) => /[A-Z]/.test(pathOf(other)))
    },
  },
  {
    id: 'secure cookie beside it',
    ours: 'what comes in the clear hides no secure cookie of a domain above or below (RFC 6265bis §5.7)',
    curls: 'hides one that is sent to other hosts than its own',
    isCurlsOnly: true,
    meets: (field, others) => {
      const name = nameOf(field.split(';')[0]!)
      return others.some(
        (other) => nameOf(other.split(';')[0]!) === name && attributeOf(other, 'secure') !== undefined,
      )
    },
  },
  {
    id: '`__Host-` without a path',
    ours: 'is refused: it promises `Path=/` (RFC 6265bis §5.7)',
    curls: 'is kept where the default path is `/`',
    meets: (field) => /^__host-/i.test(field) && attributeOf(field, 'path') === undefined,
  },
  {
    id: '4,096 bytes of name and value',
    ours: 'are kept (RFC 6265 §6.1)',
    curls: 'are one too many',
    meets: (field) => trimWhitespace(field.split(';')[0]!).length === 4_097,
  },
  {
    id: 'tab in a pair',
    ours: 'tabs around a name are taken off (RFC 6265 §5.2)',
    curls: 'the cookie is ignored',
    meets: (field) => field.split(';')[0]!.includes('\t'),
  },
]

/** A step in which the two have sent different cookies. */
export interface Disagreement {
  readonly sequence: Sequence
  readonly step: number
  readonly ours: readonly string[]
  readonly curls: readonly string[]
  /** What explains it: undefined for nothing. */
  readonly known: KnownDifference | undefined
}

/** The cookies that a field may be about: with no name, somebody may take an attribute for one. */
function namesOf(field: string): string[] {
  const [pair = '', ...attributes] = field.split(';').map(nameOf)
  return pair === '' ? attributes : [pair]
}

/** The steps in which two clients have sent different cookies, in whatever order. */
export function compareCookies(
  sequence: Sequence,
  ours: readonly (string | undefined)[],
  curls: readonly (string | undefined)[],
): Disagreement[] {
  return sequence.steps.flatMap((_, step) => {
    const [a, b] = [pairsOf(ours[step]), pairsOf(curls[step])]
    if (a.join('; ') === b.join('; ')) return []
    // What is sent here, and not by curl.
    const more = new Set(without(a, b).map(nameOf))
    const differing = new Set([...without(a, b), ...without(b, a)].map(nameOf))
    const fields = sequence.steps.slice(0, step).flatMap(({ setCookies }) => setCookies)
    const explanations = [...differing].map((name) =>
      KNOWN_DIFFERENCES.find(
        ({ meets, isCurlsOnly = false }) =>
          !(isCurlsOnly && more.has(name)) &&
          fields.some((field) => namesOf(field).includes(name) && meets(field, fields)),
      ),
    )
    const known = explanations.includes(undefined) ? undefined : explanations[0]
    return [{ sequence, step, ours: a, curls: b, known }]
  })
}

function pairsOf(field: string | undefined): string[] {
  return field === undefined ? [] : field.split('; ').sort()
}

function without(pairs: readonly string[], others: readonly string[]): string[] {
  const left = [...others]
  return pairs.filter((pair) => {
    const at = left.indexOf(pair)
    if (at >= 0) left.splice(at, 1)
    return at < 0
  })
}

/** A disagreement in lines, with what was set before. */
export function showDisagreement({ sequence, step, ours, curls }: Disagreement): string {
  const lines = sequence.steps.slice(0, step + 1).map(({ scheme, host, path, setCookies }) => {
    const sets = setCookies.map((field) => `\n      ${JSON.stringify(field.slice(0, 120))}`).join('')
    return `  ${scheme}://${host}${path}${sets}`
  })
  return [
    `sequence ${sequence.id}, step ${step}`,
    ...lines,
    `  ours ${shown(ours)}`,
    `  curl ${shown(curls)}`,
  ].join('\n')
}

function shown(pairs: readonly string[]): string {
  return JSON.stringify(pairs.map((pair) => pair.slice(0, 80)))
}

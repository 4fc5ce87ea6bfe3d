// What a door is: how it is opened and used, and which message the other side must then see, or none.

import type { Attempt, Parts, Slot } from './attempt.ts'
import {
  type BodyRecipe,
  bodyMeaning,
  type Container,
  fieldMeanings,
  isPlain,
  type LineRecipe,
  meanings,
  type Recipe,
} from './recipes.ts'
import type { Stage, StageOptions } from './stage.ts'

/** Departures that the design makes on purpose; see escapes.ts. */
export type EscapeName = 'no-host' | 'folds' | 'cut-at-length' | 'foreign-bytes'

export interface Door {
  readonly name: string
  /** What it takes from the caller. */
  readonly slots: readonly Slot[]
  /** The forms in which it takes fields and bodies; others are of a wrong type to it. */
  readonly takes?: {
    readonly containers: readonly Container[]
    readonly bodies: readonly BodyRecipe['form'][]
  }
  readonly stage?: StageOptions
  /** Every door that takes a body may cut it at its declared length. */
  readonly escapes?: readonly Exclude<EscapeName, 'cut-at-length'>[]
  /** The messages that the server must see, in order, where nothing is refused. */
  readonly expects: (parts: Parts) => readonly Expected[]
  /** Makes what is to be used. What throws here has sent nothing. */
  readonly open: (parts: Parts, stage: Stage) => Visit
}

/** The use of a door. */
export interface Visit {
  /** Sends what was handed over and reads the answer. */
  send(): Promise<void>
  /** Sends `GET /probe` on the same object, whatever became of the first request. */
  probe?(): Promise<void>
}

/** A message as it was asked for: everything that it may show. */
export interface Expected {
  readonly methods: readonly string[]
  readonly targets: readonly string[]
  /** The caller's own fields: one of these lists, in this order. */
  readonly fields: readonly (readonly LineRecipe[])[]
  /** What may be added, by the name in lower case, and whether this value may be. */
  readonly additions: ReadonlyMap<string, (value: string) => boolean>
  readonly body: string
  readonly trailers: readonly (readonly LineRecipe[])[]
  readonly versions: readonly number[]
}

const NO_LINES: readonly (readonly LineRecipe[])[] = [[]]

export function expectRequest(parts: Parts, changes: Partial<Expected> = {}): Expected {
  const methods = meanings(parts.method)
  const targets = meanings(parts.target).map((target) => (target === '' ? '/' : target))
  const body = bodyMeaning(parts.body)
  return {
    methods,
    targets,
    fields: fieldMeanings(parts.fields),
    additions: usualAdditions(
      methods,
      targets,
      lengthsOf(parts.body, body),
      hostsOf(parts.host, parts.port, 80),
    ),
    body,
    trailers: NO_LINES,
    versions: [11],
    ...changes,
  }
}

/** How long a body may be said to be: as long as it is, or as it says itself. */
export function lengthsOf({ length }: BodyRecipe, body: string): number[] {
  return length === undefined ? [body.length] : [body.length, length]
}

/** What the package adds by itself: what http.client adds, and what its own options ask for. */
export function usualAdditions(
  methods: readonly string[],
  targets: readonly string[],
  lengths: readonly number[],
  origins: readonly string[],
): Map<string, (value: string) => boolean> {
  const hosts = new Set([
    ...origins,
    ...targets.map((target) => /^[A-Za-z][A-Za-z0-9+.-]*:\/\/([^/?]+)/.exec(target)?.[1] ?? ''),
    ...(methods.includes('CONNECT') ? targets : []),
  ])
  return new Map([
    ['host', (value) => value !== '' && hosts.has(value)],
    ['accept-encoding', (value) => value === 'identity'],
    ['content-length', (value) => lengths.map(String).includes(value)],
    ['transfer-encoding', (value) => value === 'chunked'],
    ['expect', (value) => value === '100-continue'],
    ['content-type', (value) => value === 'application/x-www-form-urlencoded'],
    ['trailer', (value) => /^[!-~]+(?:, [!-~]+)*$/.test(value)],
  ])
}

/** The version that is written; 11 where none is given. */
export function versionsOf(version: Recipe): number[] {
  return version.form === 'thing' && version.thing === 'undefined' ? [11] : meanings(version).map(Number)
}

/** The values that a Host field made from host and port may have: without the default port. */
export function hostsOf(host: Recipe, port: Recipe, defaultPort: number): string[] {
  return authoritiesOf(host, port, defaultPort).map((authority) =>
    authority.endsWith(`:${defaultPort}`) ? authority.slice(0, authority.lastIndexOf(':')) : authority,
  )
}

/** `host:port`, an IPv6 address in brackets and without its zone. A port beside the host leaves the host whole. */
export function authoritiesOf(host: Recipe, port: Recipe, defaultPort: number): string[] {
  const ports = meanings(port)
  return meanings(host).flatMap((name) => {
    const [bare, own] = ports.length === 0 ? splitPort(name) : [withoutBrackets(name), undefined]
    const written = bare.includes(':') ? `[${bare.replace(/%.*$/s, '')}]` : bare
    return [...ports, ...(ports.length === 0 ? [own ?? String(defaultPort)] : [])].map(
      (each) => `${written}:${Number(each)}`,
    )
  })
}

/** `a:80`, `[::1]:80`, `::1`: the host without brackets, and its port. */
function splitPort(name: string): [host: string, port: string | undefined] {
  const match = /^(\[[^\]]*\]|[^:]*):(\d+)$/.exec(name)
  return match === null ? [withoutBrackets(name), undefined] : [withoutBrackets(match[1]!), match[2]]
}

function withoutBrackets(name: string): string {
  return /^\[.*\]$/s.test(name) ? name.slice(1, -1) : name
}

const CONTAINERS_TAKEN: readonly Container[] = ['pairs', 'record', 'map']
const BODIES_TAKEN: readonly BodyRecipe['form'][] = ['none', 'text', 'bytes', 'pieces', 'async pieces']
const TAKEN = { containers: CONTAINERS_TAKEN, bodies: BODIES_TAKEN }

/** True where every value has a type that the door takes: then an error must be one of ours. */
export function isHonest({ slots, takes = TAKEN }: Door, { parts }: Attempt): boolean {
  return slots.every((slot) => {
    const part = parts[slot]
    if (part === undefined) return true
    if ('lines' in part) {
      const isTyped = part.lines.every(([name, value]) => isPlain(name) && isPlain(value))
      return isTyped && takes.containers.includes(part.container)
    }
    if (slot === 'body') return takes.bodies.includes((part as BodyRecipe).form)
    // A user that cannot be sent is refused with the options that it is in.
    if (slot === 'user') return false
    return slot === 'version' || slot === 'port' || slot === 'tunnelPort' ? false : isPlain(part as Recipe)
  })
}

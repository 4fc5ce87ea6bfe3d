/** What the options of a client come to: what its requests begin with, and what clients that extend it begin with. */

import type { FieldLine } from '../core/fields.ts'
import { isRecord } from '../core/options.ts'
import { VERSION } from '../core/version.ts'
import { SUPPORTED_CODINGS } from '../layers/content-codings.ts'
import type { ProxySetting } from '../proxy/setting.ts'
import { joinUrl } from './destination.ts'
import { mergeDefaults } from './make-request.ts'
import type { ClientOptions, ClientTimeouts } from './option-types.ts'
import { writeQuery } from './query.ts'
import { type ClientSettings, DEFAULT_SETTINGS, resolveSettings, saidOf } from './settings.ts'

/** The fields of a request of which nothing is said. */
export const BUILT_IN_FIELDS: readonly FieldLine[] = Object.freeze(
  (
    [
      ['Accept', '*/*'],
      ['Accept-Encoding', SUPPORTED_CODINGS.join(', ')],
      ['User-Agent', `httplib/${VERSION}`],
    ] as const
  ).map((line) => Object.freeze(line)),
)

/** What options come to: what requests begin with. */
export interface Base {
  readonly options: ClientOptions
  readonly settings: ClientSettings
  /** Fields that are sent unless a request says otherwise. */
  readonly fields: readonly FieldLine[]
  readonly query: string
  readonly baseUrl: URL | undefined
}

/** What a client begins with that extends no other. */
export const BUILT_IN: Base = {
  options: Object.freeze(Object.create(null) as ClientOptions),
  settings: DEFAULT_SETTINGS,
  fields: BUILT_IN_FIELDS,
  query: '',
  baseUrl: undefined,
}

/** The same with a setting of its own: what has to be found out when a client is made. */
export function builtIn(proxy: ProxySetting): Base {
  return { ...BUILT_IN, settings: Object.freeze({ ...DEFAULT_SETTINGS, proxy }) }
}

/** Lays options over what was there. */
export function makeBase(given: ClientOptions, under: Base): Base {
  const options = withOwnTimeouts(given)
  const { headers, query } = options
  const baseUrl = options.baseUrl === undefined ? under.baseUrl : joinUrl(options.baseUrl, undefined)
  const settings = resolveSettings(options, under.settings, 'client')
  return {
    options: layOptions(under.options, options),
    settings: options.auth === undefined ? settings : bindAuth(settings, baseUrl),
    fields: mergeDefaults(under.fields, headers),
    query: joinQueries(under.query, query === undefined ? '' : writeQuery(query, 'query')),
    baseUrl,
  }
}

/** The phases are looked at twice, here and where they are resolved: a getter might answer otherwise the second time. */
function withOwnTimeouts(options: ClientOptions): ClientOptions {
  const { timeout } = options
  return isRecord(timeout)
    ? Object.assign(Object.create(null) as object, options, { timeout: { ...timeout } })
    : options
}

/** Options over others, as far as they are looked at again: `timeout` by phase, and what was not said stays. */
function layOptions(under: ClientOptions, over: ClientOptions): ClientOptions {
  const timeout = { ...phasesOf(under), ...phasesOf(over) }
  // Without a prototype: what was not said is nowhere else.
  return Object.assign(Object.create(null) as object, under, saidOf(over), { timeout })
}

function phasesOf({ timeout }: ClientOptions): ClientTimeouts {
  return typeof timeout === 'number' ? { total: timeout } : saidOf(timeout ?? {})
}

/** What a client with a base says of itself is for the origin of that base. Security: another URL may come from anywhere. */
function bindAuth(settings: ClientSettings, baseUrl: URL | undefined): ClientSettings {
  const { auth } = settings
  if (auth === undefined || auth === false || baseUrl === undefined) return settings
  return Object.freeze({ ...settings, auth: Object.freeze({ ...auth, origin: baseUrl.origin }) })
}

/** Two queries as one. */
export function joinQueries(a: string, b: string): string {
  return a === '' || b === '' ? a + b : `${a}&${b}`
}

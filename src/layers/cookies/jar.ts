/**
 * How a jar is asked, whosever it is: the jar of this package, a `CookieJar` of any copy of tough-cookie, or an object with
 * its two methods. Answers come at once where the jar can give them at once.
 */

import type { OutgoingRequest } from '../../core/request.ts'
import type { CookieJarLike } from '../../core/settings.ts'
import { isThenable, type MaybePromise } from '../thenable.ts'
import { type CookiePair, fieldOf, jarTarget, jarUrl, keepSendable } from './cookie-field.ts'

/** What a jar may have besides: tough-cookie's has the first two, that of this package all. */
interface KnownJar extends CookieJarLike {
  readonly getCookies?: (url: string, options: object, callback?: Callback<unknown>) => unknown
  readonly store?: { readonly synchronous?: boolean }
  readonly fieldFor?: (prefix: string, target: string) => string | undefined
}

type Callback<T> = (error: unknown, result?: T) => void

const SORTED = Object.freeze({ __proto__: null, sort: true })
/** A cookie that the jar refuses is no error. */
const LENIENT = Object.freeze({ __proto__: null, ignoreError: true })

/** Whether a value can be asked as a jar. */
export function isCookieJar(value: unknown): value is CookieJarLike {
  if (typeof value !== 'object' || value === null) return false
  const { setCookie, getCookies, getCookieString } = value as Record<string, unknown>
  return (
    typeof setCookie === 'function' &&
    (typeof getCookies === 'function' || typeof getCookieString === 'function')
  )
}

/**
 * The value of the Cookie field that the jar has for a request: the empty string for none.
 * @throws what the jar throws, or rejects with it
 */
export function askJar(jar: CookieJarLike, request: OutgoingRequest): MaybePromise<string> {
  const known: KnownJar = jar
  // What the jar of this package holds can be sent.
  const field = known.fieldFor?.(request.origin.prefix, jarTarget(request))
  if (field !== undefined) return field
  const { getCookies, store } = known
  const url = jarUrl(request)
  if (typeof getCookies === 'function') {
    const found =
      store?.synchronous === true
        ? atOnce((callback) => getCookies.call(jar, url, SORTED, callback))
        : getCookies.call(jar, url, SORTED)
    return isThenable(found) ? found.then(fieldOfAll) : fieldOfAll(found)
  }
  const text: unknown = jar.getCookieString!(url)
  return isThenable(text) ? text.then(fieldOfText) : fieldOfText(text)
}

/**
 * Gives the jar what a response has set, one field after the other, since a later one may take the place of an earlier.
 * @returns a promise where there is something to wait for; it rejects, or this throws, for what the jar failed with first
 */
export function fillJar(jar: CookieJarLike, url: string, fields: readonly string[]): void | Promise<void> {
  const failures: unknown[] = []
  const failed = (error: unknown): void => void failures.push(error)
  const fill = (from: number): Promise<void> | undefined => {
    for (let i = from; i < fields.length; i++) {
      try {
        const kept = keep(jar, fields[i]!, url)
        if (isThenable(kept)) return kept.then(undefined, failed).then(() => fill(i + 1))
      } catch (error) {
        failed(error)
      }
    }
    if (failures.length > 0) throw failures[0]
    return undefined
  }
  return fill(0)
}

function keep(jar: CookieJarLike, field: string, url: string): unknown {
  const { store, getCookies, setCookie } = jar as KnownJar
  return store?.synchronous === true && typeof getCookies === 'function'
    ? atOnce((callback) =>
        (setCookie as (...all: unknown[]) => unknown).call(jar, field, url, LENIENT, callback),
      )
    : jar.setCookie(field, url, LENIENT)
}

/** Calls something that takes a callback and calls it before it is over; else a promise of what it is called with. */
function atOnce(call: (callback: Callback<unknown>) => unknown): unknown {
  let answer: { readonly error: unknown; readonly result: unknown } | undefined
  let settle: ((answer: { error: unknown; result: unknown }) => void) | undefined
  call((error, result) => {
    answer = { error, result }
    settle?.(answer)
  })
  if (answer === undefined)
    return new Promise((resolve, reject) => {
      settle = ({ error, result }) => (isError(error) ? reject(error) : resolve(result))
    })
  if (isError(answer.error)) throw answer.error
  return answer.result
}

function isError(error: unknown): boolean {
  return error !== null && error !== undefined
}

function fieldOfAll(cookies: unknown): string {
  return Array.isArray(cookies) ? fieldOf(cookies as readonly CookiePair[]) : ''
}

function fieldOfText(text: unknown): string {
  return typeof text === 'string' ? keepSendable(text) : ''
}

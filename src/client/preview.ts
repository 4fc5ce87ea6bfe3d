/**
 * What the layers that look at each hop would make of a request, as far as that can be told at once: for `explain()`, which
 * waits for nothing.
 *
 * Security: of cookies the names are shown, never the values.
 */

import { hearPromise } from '../core/outgoing-body.ts'
import { MASK } from '../core/redact.ts'
import { type OutgoingRequest, withChanges } from '../core/request.ts'
import type { CookieJarLike, HstsStore } from '../core/settings.ts'
import { withCookies } from '../layers/cookies/cookie-field.ts'
import { askJar } from '../layers/cookies/jar.ts'
import { findKnown, upgraded } from '../layers/hsts/hsts.ts'
import { hasKey, keyNameFor } from '../layers/idempotency-key.ts'
import { isThenable } from '../layers/thenable.ts'
import type { Destinations } from './destination.ts'
import { withStrictTls } from './strict-tls.ts'

/** The request as it would be sent, and what is said of layers because of it. */
export interface Preview {
  readonly request: OutgoingRequest
  /** By the name of the layer. */
  readonly notes: Readonly<Record<string, string>>
  /** Whether cookies of the jar are in it. */
  readonly hasJarCookies: boolean
  /** The name of the field whose value, an idempotency key, is drawn when it is sent; undefined where there is none. */
  readonly drawnKey: string | undefined
}

/** What `true` stands for. */
interface Own {
  readonly jar: CookieJarLike
  readonly hstsStore: HstsStore
}

/** Looks at the store of HSTS and at the jar. */
export function previewRequest(made: OutgoingRequest, own: Own, destinations: Destinations): Preview {
  const notes = Object.create(null) as Record<string, string>
  const drawnKey = nameOfDrawnKey(made)
  let request =
    drawnKey === undefined ? made : withChanges(made, { fields: [...made.fields, [drawnKey, MASK]] })
  let hasJarCookies = false
  const { hsts, cookies } = made.settings ?? {}
  if (hsts !== undefined) {
    const store = hsts === true ? own.hstsStore : hsts
    const known = atOnce(() => findKnown(store, made, Date.now()))
    const isPlain = made.origin.prefix.startsWith('http:')
    if (known === 'later') notes['hsts'] = 'asks its store whether the host is to be asked over https'
    else if (known === undefined) notes['hsts'] = 'nothing: the host is not known to ask for https'
    else {
      if (isPlain) request = upgraded(request, { locate: (url) => destinations.of(url) })
      const strict = withStrictTls(request)
      const does = [
        ...(isPlain ? ['asks over https instead of http'] : []),
        ...(strict === undefined ? [] : ['lets no certificate through that is not right']),
      ]
      const what = does.length === 0 ? 'nothing: https is asked for already' : does.join(', and ')
      notes['hsts'] = `${what}: ${known.name} has asked for https`
      request = strict ?? request
    }
  }
  if (cookies !== undefined) {
    const jar = cookies === true ? own.jar : cookies
    const field = atOnce(() => askJar(jar, request))
    if (field === 'later') notes['cookies'] = 'asks the jar for cookies, and keeps what the response sets'
    else {
      notes['cookies'] = `sends ${namesOf(field)}, and keeps what the response sets`
      request = withCookies(request, field)
      hasJarCookies = field !== ''
    }
  }
  return { request, notes, hasJarCookies, drawnKey }
}

function nameOfDrawnKey(request: OutgoingRequest): string | undefined {
  const name = keyNameFor(request, request.method)
  return name === undefined || hasKey(request, name) ? undefined : name
}

/** What is told at once; `later` for a promise and for what fails: the request will tell. */
function atOnce<T>(ask: () => T | Promise<T>): T | 'later' {
  try {
    const answer = ask()
    if (!isThenable(answer)) return answer
    hearPromise(answer)
  } catch {
    // It fails the request as well, with what it fails with then.
  }
  return 'later'
}

function namesOf(field: string): string {
  if (field === '') return 'no cookie of the jar'
  const names = field
    .split('; ')
    .map((pair) => (pair.includes('=') ? pair.slice(0, pair.indexOf('=')) : '***'))
  return `${names.length === 1 ? 'the cookie' : 'the cookies'} ${names.join(', ')}`
}

/**
 * The inner end of the chain of layers: chooses the route of a request, makes of it what goes that way, and gives it to the pool.
 */

import { withAttempts } from '../core/attempted-body.ts'
import { type Continuation, continued, followAnswer, followError, handlerOf } from '../core/continuation.ts'
import { type FieldLine, hasField } from '../core/fields.ts'
import type { Handler } from '../core/handler.ts'
import { closeBody, isReplayable, replayOf } from '../core/outgoing-body.ts'
import { MASK } from '../core/redact.ts'
import { renewed } from '../core/renewal.ts'
import {
  type OutgoingRequest,
  type RequestDeadlines,
  type RequestOrigin,
  withChanges,
} from '../core/request.ts'
import type { HTTPResponse } from '../core/response.ts'
import { withEarlier, withLast } from '../layers/attempts.ts'
import { lookFor } from '../layers/hsts/hsts.ts'
import { overHttps } from '../layers/hsts/policy.ts'
import { isThenable, type MaybePromise } from '../layers/thenable.ts'
import type { PoolPlan } from '../pool/pool.ts'
import { DIRECT, isForwarded, type Route } from '../proxy/choose.ts'
import { type Destination, type Destinations, type Place, schemeOf } from './destination.ts'
import { exchangeAs } from './proxy-auth.ts'
import { forProxy, forServer, isAlwaysDirect, saysProxyAuthorization, withTold } from './proxying.ts'
import type { ClientSettings, ConnectionSettings } from './settings.ts'
import type { Shared } from './shared.ts'
import { strictConnection } from './strict-tls.ts'

/** The status of an answer by a server that another one was meant for. */
const MISDIRECTED = 421

/** How a request would go, for people. */
export interface ExplainedRoute {
  readonly plan: PoolPlan
  readonly route: { readonly kind: string; readonly why: string }
  /** The proxies, the first to be connected to first; undefined where that is not known yet. */
  readonly proxies: Route['proxies'] | undefined
  /** The request as it would be sent that way, but for its target. */
  readonly sent: OutgoingRequest
  /** What the request has besides for a proxy that it is sent to as it is. */
  readonly toProxy: readonly FieldLine[]
  /** What is added to it of who we are to that proxy. */
  readonly who: FieldLine | undefined
}

/** Where a connection leads that is asked for by hand, and how it is opened. */
interface PlannedByHand {
  readonly to: Destination
  readonly plan: PoolPlan
}

/** Goes on with a value: at once where it is there. */
function goOn<T, R>(value: MaybePromise<T>, plan: (value: T) => MaybePromise<R>): MaybePromise<R> {
  return isThenable(value) ? value.then(plan) : plan(value)
}

/** Another protocol is spoken with the server, and not with a proxy that would not pass it on (RFC 9110 §7.8). */
function asksForSwitch({ fields, defaults }: OutgoingRequest): boolean {
  return hasField(fields, 'upgrade') || hasField(defaults, 'upgrade')
}

export class InnerEnd {
  readonly #shared: Shared
  readonly #destinations: Destinations
  /** The defaults that were last seen to have nothing for a proxy: most requests have the same. */
  #innocent: readonly FieldLine[] | undefined

  constructor(shared: Shared, destinations: Destinations) {
    this.#shared = shared
    this.#destinations = destinations
  }

  /** Sends a request. */
  readonly exchange: Handler = handlerOf((request, after) => {
    const mayComeAgain = request.settings?.resendsMisdirected === true && isReplayable(request.body)
    return this.#exchange(request, mayComeAgain ? new UnlessMisdirected(this, request, after) : after)
  })

  /** Another connection may lead to a server that answers for the name; the first has not acted (RFC 9110 §15.5.20). */
  async resend(request: OutgoingRequest, misdirected: HTTPResponse): Promise<HTTPResponse> {
    const decision = 'again over a new connection: the server does not answer for this name (421)'
    const earlier = withLast(misdirected.attempts, { decision })
    misdirected.abandon()
    const settings = Object.freeze({ ...request.settings!, needsFresh: true })
    const again = renewed(withChanges(request, { body: replayOf(request.body), settings }))
    const response = await withEarlier(earlier, again.deadlines.signal, this.#exchange(again, undefined))
    return withAttempts(response, [...earlier, ...response.attempts], again.deadlines.signal)
  }

  #exchange(request: OutgoingRequest, after: Continuation | undefined): Promise<HTTPResponse> {
    const settings = request.settings as ClientSettings
    const { proxy, connection } = settings
    if (isAlwaysDirect(proxy)) {
      const plan = this.planFor(request.origin, connection, DIRECT)
      return this.#shared.pool.exchange(this.#forServer(request), plan, settings, after)
    }
    let route: Route | Promise<Route>
    try {
      const place = (): Place => this.#destinations.placeOf(request.origin)
      route = this.#shared.routes.routeFor(request, proxy, place)
    } catch (error) {
      closeBody(request.body, error)
      return continued(Promise.reject(error), after)
    }
    if (!(route instanceof Promise)) return this.#exchangeBy(request, route, after)
    const answer = route.then(
      (chosen) => this.#exchangeBy(request, chosen, undefined),
      (error: unknown) => {
        closeBody(request.body, error)
        throw error
      },
    )
    return continued(answer, after)
  }

  #exchangeBy(
    request: OutgoingRequest,
    route: Route,
    after: Continuation | undefined,
  ): Promise<HTTPResponse> {
    const settings = request.settings as ClientSettings
    const isTunnelled = asksForSwitch(request)
    const plan = this.planFor(request.origin, settings.connection, route, isTunnelled)
    const { pool } = this.#shared
    if (isTunnelled || !isForwarded(route, schemeOf(request.origin)))
      return pool.exchange(this.#forServer(request), plan, settings, after)
    const proxy = route.proxies.at(-1)!
    const own = forProxy(request, proxy)
    const identity = saysProxyAuthorization(own) ? undefined : this.#shared.identities.of(proxy)
    if (identity === undefined) return pool.exchange(own, plan, settings, after)
    return continued(
      exchangeAs(identity, own, (one) => pool.exchange(one, plan, settings)),
      after,
    )
  }

  #forServer(request: OutgoingRequest): OutgoingRequest {
    const { fields, defaults } = request
    if (fields.length > 0) return forServer(request)
    if (defaults === this.#innocent) return request
    const own = forServer(request)
    // A list that a layer of the user can still change is looked at each time.
    if (own === request && defaults === request.origin.defaults) this.#innocent = defaults
    return own
  }

  /**
   * Where a connection leads that is asked for by hand, and how it is opened: to a host that has asked for https it is https, with
   * its certificate judged in full, as for a request (RFC 6797 §8.3, §8.4). At once where nothing has to be waited for: it has its
   * place in the line from the call on.
   * @param isTunnelled - a proxy is asked for a tunnel, for http too
   */
  planByHand(
    asked: Destination,
    deadlines: RequestDeadlines,
    settings: ClientSettings,
    isTunnelled = false,
  ): MaybePromise<PlannedByHand> {
    const { clock, underway, hstsStore, routes } = this.#shared
    const url = `${asked.origin.prefix}${asked.target}`
    const known = lookFor(
      { origin: asked.origin, url, deadlines, settings },
      { ownStore: () => hstsStore, wait: { clock, pauses: underway.pauses }, wallClock: undefined },
    )
    return goOn(known, (hsts) => {
      const { connection } = settings
      const isLed = hsts !== undefined && asked.place.scheme !== 'https'
      const to = isLed ? this.#destinations.of(overHttps(new URL(url))) : asked
      const judged = hsts === undefined ? connection : (strictConnection(connection) ?? connection)
      const { origin, place, target } = to
      const going = { origin, url: `${origin.prefix}${target}`, deadlines }
      const route = routes.routeFor(going, settings.proxy, () => place)
      return goOn(route, (chosen) => ({ to, plan: this.planFor(origin, judged, chosen, isTunnelled) }))
    })
  }

  /** The route as things stand: a function that answers later is not waited for. */
  explainRoute(
    request: OutgoingRequest,
    { proxy, connection }: ClientSettings,
    place: Place,
  ): ExplainedRoute {
    const { routes } = this.#shared
    const route =
      proxy.kind === 'function'
        ? routes.askNow(proxy, request.url)
        : routes.tableRoute(proxy, request.origin, () => place)
    if (route instanceof Promise) {
      route.catch(() => {
        // Told when the request is sent.
      })
      const plan = this.planFor(request.origin, connection, DIRECT)
      const why = 'the function of the option proxy answers later'
      return {
        plan,
        route: { kind: 'not known yet', why },
        proxies: undefined,
        sent: request,
        toProxy: [],
        who: undefined,
      }
    }
    const isTunnelled = asksForSwitch(request)
    const plan = this.planFor(request.origin, connection, route, isTunnelled)
    const { proxies } = route
    const shown = { plan, route: { kind: plan.key.route, why: route.why }, proxies }
    if (isTunnelled || !isForwarded(route, schemeOf(request.origin)))
      return { ...shown, sent: forServer(request), toProxy: [], who: undefined }
    const last = proxies.at(-1)!
    const told = withChanges(request, withTold(request, last.headers))
    const identity = saysProxyAuthorization(told) ? undefined : this.#shared.identities.of(last)
    const isSaid = identity !== undefined && !identity.awaitsChallenge
    const who: FieldLine | undefined = isSaid ? ['Proxy-Authorization', MASK] : undefined
    return { ...shown, sent: told, toProxy: last.headers, who }
  }

  /** The plan of the pool for a route. @param isTunnelled - a proxy is asked for a tunnel, for http too */
  planFor(
    origin: RequestOrigin,
    connection: ConnectionSettings,
    { proxies }: Route,
    isTunnelled = false,
  ): PoolPlan {
    const { plans } = this.#shared
    return (
      plans.knownFor(origin, connection, proxies) ??
      plans.planFor(origin, connection, this.#placeOf(origin), proxies, isTunnelled)
    )
  }

  #placeOf(origin: RequestOrigin): () => Place {
    return () => this.#destinations.placeOf(origin)
  }
}

/** Sends a request again that a server answered which it was not meant for. */
class UnlessMisdirected implements Continuation {
  readonly #end: InnerEnd
  readonly #request: OutgoingRequest
  readonly #after: Continuation | undefined

  constructor(end: InnerEnd, request: OutgoingRequest, after: Continuation | undefined) {
    this.#end = end
    this.#request = request
    this.#after = after
  }

  answered(response: HTTPResponse): HTTPResponse | Promise<HTTPResponse> {
    return response.status === MISDIRECTED
      ? continued(this.#end.resend(this.#request, response), this.#after)
      : followAnswer(response, this.#after)
  }

  failed(error: unknown): HTTPResponse | Promise<HTTPResponse> {
    return followError(error, this.#after)
  }
}

/**
 * The client: URLs in, responses out. A request is made of the options, goes through the chain of layers to the pool, and its
 * response comes back the same way.
 *
 * Length: one class by contract, and its documentation.
 */

import type { HTTPConnection } from '../connection/http-connection.ts'
import { anySignal } from '../core/abort-listeners.ts'
import type { FieldLine } from '../core/fields.ts'
import type { FileHandleLike } from '../core/file-source.ts'
import type { Layer } from '../core/handler.ts'
import { takeOptions } from '../core/options.ts'
import { ChunkedBody, closeBody, isMeasured, NO_BODY, type OutgoingBody } from '../core/outgoing-body.ts'
import type { RequestDeadlines } from '../core/request.ts'
import type { HTTPResponse } from '../core/response.ts'
import type { RequestSettings } from '../core/settings.ts'
import { shownUrl } from '../core/shown-url.ts'
import { addContext, HTTPException } from '../errors/exception.ts'
import { beforeRequest, tellUnsent } from '../errors/unsent.ts'
import { isThenable } from '../layers/thenable.ts'
import { BEFORE_SENDING, type WaitGround, whileWanted } from '../layers/while-wanted.ts'
import { checkHead, completeHead } from '../transport/h1/request-head.ts'
import { type Base, BUILT_IN_FIELDS, builtIn, joinQueries, makeBase } from './base.ts'
import { type CloseOptions, closeInTime, takeCloseOptions } from './closing.ts'
import { Chains } from './compose.ts'
import { Destinations, joinUrl } from './destination.ts'
import { type Explanation, explain } from './explain.ts'
import { InnerEnd } from './inner-end.ts'
import {
  bodyToClose,
  deadlinesFor,
  layFields,
  type MakingOf,
  makeRequest,
  sendFile,
  sendOwned,
  settingsWithAuth,
  takeRequestBody,
} from './make-request.ts'
import { openingFailed } from './opening-failed.ts'
import type { ClientOptions, ClientRequestOptions, QueryObject } from './option-types.ts'
import { takeClientOptions } from './options.ts'
import { type ClientPool, countsOf, PoolView, showAs } from './pool-view.ts'
import { previewRequest } from './preview.ts'
import { refuseBesideSocket, startingProxies } from './proxying.ts'
import { writeQuery } from './query.ts'
import { ResponsePromise } from './response-promise.ts'
import { type ClientSettings, resolveSettings } from './settings.ts'
import { makeShared, type Shared } from './shared.ts'

const NO_FIELDS: readonly FieldLine[] = Object.freeze([])
/** What concerns a connection that is driven by hand: what it is asked for says who drives it. */
const TAKEN_BY_HAND = Object.freeze({ proxy: true, signal: true, timeout: true } as const)

/** A request that was read by another interface, such as `fetch`. */
export interface DirectRequest {
  readonly method: string
  /** An absolute URL of http or https. */
  readonly url: string | URL
  /** The fields of the caller, in order. */
  readonly fields: readonly FieldLine[]
  /** The body, taken over already. */
  readonly body: OutgoingBody | FileHandleLike
  readonly signal: AbortSignal | undefined
  /** What is to be different from the settings of the client. */
  readonly settings: Partial<Omit<RequestSettings, 'connection'>> | undefined
}

/** Sends requests to URLs, over connections that are kept and used again. */
export class Client {
  readonly #shared: Shared
  readonly #base: Base
  readonly #destinations: Destinations
  readonly #end: InnerEnd
  #layers: readonly Layer[]
  #chains: Chains
  /** Settings that differ from the client's by what `fetch` says: few, and the same again and again. */
  readonly #direct: WeakMap<object, ClientSettings> = new WeakMap()
  /** The deadlines of a request that says nothing of its own; undefined where there is a total timeout. */
  readonly #deadlines: RequestDeadlines | undefined

  /**
   * @param options - see docs/client.md
   * @throws TypeError for an unknown option, or a value that an option does not take
   */
  constructor(options: ClientOptions = {}) {
    const parent = PARENTS.get(options)
    const taken = parent === undefined ? takeClientOptions(options, 'client') : options
    this.#base = makeBase(taken, parent === undefined ? builtIn(startingProxies(taken)) : parent.#base)
    this.#shared = parent === undefined ? makeShared(taken, this.#base.settings.connection) : parent.#shared
    this.#layers = [...(parent === undefined ? [] : parent.#layers), ...(taken.layers ?? [])]
    this.#destinations = new Destinations(this.#base.fields, this.#base.baseUrl)
    this.#end = new InnerEnd(this.#shared, this.#destinations)
    this.#chains = this.#makeChains()
    const { settings } = this.#base
    const hasTotal = settings.timeouts.total !== Infinity
    this.#deadlines = hasTotal ? undefined : deadlinesFor(settings, this.#shared.clock)
  }

  static {
    showAs(Client.prototype, 'Client', (client) => {
      if (!(#base in client)) return undefined
      const { baseUrl } = client.#base
      return {
        baseUrl: baseUrl === undefined ? undefined : shownUrl(baseUrl.href),
        ...countsOf(client.pool.inspect()),
      }
    })
  }

  // -------------------------------------------------------------------------------------------------- requests

  /**
   * Sends a request with the method that `options.method` says, by default GET.
   * @param url - absolute, or relative to `baseUrl`
   * @throws what the promise rejects with: HTTPException and its kin, TypeError for an option, `signal.reason`
   */
  request<Q extends QueryObject<Q>, F extends QueryObject<F>>(
    url: string | URL,
    options?: ClientRequestOptions<Q, F>,
  ): ResponsePromise {
    return this.#send(undefined, url, options)
  }

  /** Sends a GET request; see `request`. */
  get<Q extends QueryObject<Q>, F extends QueryObject<F>>(
    url: string | URL,
    options?: ClientRequestOptions<Q, F>,
  ): ResponsePromise {
    return this.#send('GET', url, options)
  }

  /** Sends a HEAD request; see `request`. */
  head<Q extends QueryObject<Q>, F extends QueryObject<F>>(
    url: string | URL,
    options?: ClientRequestOptions<Q, F>,
  ): ResponsePromise {
    return this.#send('HEAD', url, options)
  }

  /** Sends a POST request; see `request`. */
  post<Q extends QueryObject<Q>, F extends QueryObject<F>>(
    url: string | URL,
    options?: ClientRequestOptions<Q, F>,
  ): ResponsePromise {
    return this.#send('POST', url, options)
  }

  /** Sends a PUT request; see `request`. */
  put<Q extends QueryObject<Q>, F extends QueryObject<F>>(
    url: string | URL,
    options?: ClientRequestOptions<Q, F>,
  ): ResponsePromise {
    return this.#send('PUT', url, options)
  }

  /** Sends a PATCH request; see `request`. */
  patch<Q extends QueryObject<Q>, F extends QueryObject<F>>(
    url: string | URL,
    options?: ClientRequestOptions<Q, F>,
  ): ResponsePromise {
    return this.#send('PATCH', url, options)
  }

  /** Sends a DELETE request; see `request`. */
  delete<Q extends QueryObject<Q>, F extends QueryObject<F>>(
    url: string | URL,
    options?: ClientRequestOptions<Q, F>,
  ): ResponsePromise {
    return this.#send('DELETE', url, options)
  }

  /** Sends an OPTIONS request; see `request`. */
  options<Q extends QueryObject<Q>, F extends QueryObject<F>>(
    url: string | URL,
    options?: ClientRequestOptions<Q, F>,
  ): ResponsePromise {
    return this.#send('OPTIONS', url, options)
  }

  // ------------------------------------------------------------------------------------------------ the client

  /** Adds a layer outside of all built-in ones, inside of those that were added before. Answers the client. */
  use(layer: Layer): this {
    if (typeof layer !== 'function')
      throw new TypeError('use() takes a layer: a function of the next handler')
    this.#layers = [...this.#layers, layer]
    this.#chains = this.#makeChains()
    return this
  }

  /**
   * A client with further options that shares pool and caches with this one. Headers and queries are merged; `timeout` by phase.
   * @throws TypeError as the constructor; for `pool`, `dns`, `connect` and others of which there is one for all
   */
  extend(options: ClientOptions): Client {
    const taken = takeClientOptions(options, 'client')
    for (const name of [
      'pool',
      'dns',
      'connect',
      'clock',
      'random',
      'socketPath',
      'localAddress',
      'keepAlive',
    ] as const) {
      if (taken[name] !== undefined)
        throw new TypeError(`extend(): ${name} is for new Client(): the connections are shared`)
    }
    refuseBesideSocket(taken.proxy, this.#base.options.socketPath)
    // An object of its own, even where nothing was said; without a prototype, as the taken ones are.
    const own: ClientOptions = Object.assign(Object.create(null), taken)
    PARENTS.set(own, this)
    return new Client(own)
  }

  /** The pool, for looking at. */
  get pool(): ClientPool {
    const { pool } = this.#shared
    return new PoolView(() => pool.inspect())
  }

  /**
   * What a request would be, with nothing sent and nothing read: where it goes and why, which connection it would get, its fields
   * and who has set each, its body, its timeouts, and what each layer would do. The body that is given is given back.
   * @throws InvalidURL, InvalidHeader, TypeError: what the request would be refused for
   */
  explain<Q extends QueryObject<Q>, F extends QueryObject<F>>(
    url: string | URL,
    options: ClientRequestOptions<Q, F> = {},
  ): Explanation {
    const taken = takeClientOptions(options, 'request')
    const settings = resolveSettings(taken, this.#base.settings)
    const { body, of } = this.#prepare(taken.method ?? 'GET', url, taken, settings)
    try {
      const isFile = !isMeasured(body)
      const preview = previewRequest(
        makeRequest(of, isFile ? NO_BODY : body),
        this.#shared,
        this.#destinations,
      )
      const { request } = preview
      checkHead(request, completeHead(request), settings.connection.tolerances)
      const place = this.#destinations.placeOf(request.origin)
      const { plan, route, proxies, sent, toProxy, who } = this.#end.explainRoute(
        request,
        request.settings as ClientSettings,
        place,
      )
      return explain({
        ...preview,
        request: sent,
        toProxy,
        who,
        spaces: this.#shared.auth.spaces,
        place,
        route,
        proxies,
        connection: this.#shared.pool.preview(plan, request),
        isFile,
        builtIn: BUILT_IN_FIELDS,
        clientFields: this.#base.fields.filter((line) => !BUILT_IN_FIELDS.includes(line)),
        clientOptions: this.#base.options,
        requestOptions: taken,
        layers: this.#chains.namesFor(of.settings),
      })
    } finally {
      closeBody(body)
    }
  }

  /**
   * Opens connections until there are `count` to the origin of a URL, or the caps are reached. Those that are not open when it fails
   * are given up, unless a request waits for them.
   * @throws what opening the first that failed threw; TimeoutError of `total`; `signal.reason`
   */
  async preconnect(url: string | URL, count = 1): Promise<void> {
    const { underway, pool, clock } = this.#shared
    underway.check()
    const { settings } = this.#base
    const deadlines = deadlinesFor(settings, clock)
    deadlines.signal?.throwIfAborted()
    const over = new AbortController()
    const { prefix } = beforeRequest(() => this.#destinations.find(url)).origin
    const wanted = { url: `${prefix}/`, deadlines }
    const open = async (): Promise<void> => {
      const planned = this.#end.planByHand(this.#destinations.find(url), deadlines, settings)
      const { to, plan } = isThenable(planned) ? await planned : planned
      await pool.preconnect(plan, count, settings.timeouts, `${to.origin.prefix}/`, over.signal)
    }
    const opened = whileWanted(open(), wanted, this.#waitGround(), BEFORE_SENDING).finally(() => over.abort())
    await underway.watch(opened.catch(openingFailed(prefix, clock)), deadlines.signal)
  }

  /**
   * Lends a connection of the pool, to be driven by hand: a free one, or one that is opened. It has no other user until
   * `connection.giveBack()`; `connection.close()` closes it. It opens no other one when it ends. A host that is known to ask for
   * https (option `hsts`) is connected to over TLS, whatever the URL says.
   * @param url - of which the origin counts
   * @throws TimeoutError of `queue`; ConnectError and what else opening throws; `signal.reason`
   */
  async take(
    url: string | URL,
    options: Pick<ClientRequestOptions, 'proxy' | 'signal' | 'timeout'> = {},
  ): Promise<HTTPConnection> {
    const { underway, pool, plans, clock } = this.#shared
    underway.check()
    const taken = takeClientOptions(takeOptions(options, TAKEN_BY_HAND, 'take()'), 'request')
    const settings = resolveSettings(taken, this.#base.settings)
    refuseBesideSocket(taken.proxy, this.#base.options.socketPath)
    const deadlines = deadlinesFor(settings, clock)
    const lend = async (): Promise<HTTPConnection> => {
      const planned = this.#end.planByHand(this.#destinations.find(url), deadlines, settings, true)
      const { to, plan } = isThenable(planned) ? await planned : planned
      return plans.driveByHand(await pool.acquire(plan, deadlines, settings), to.place, settings)
    }
    const { prefix } = beforeRequest(() => this.#destinations.find(url)).origin
    return underway.watch(lend().catch(openingFailed(prefix, clock)), deadlines.signal)
  }

  /**
   * Takes no more requests; resolves when those under way are over and all connections, shared ones too, are closed. A response
   * that nobody reads is given up after ten seconds, one that was begun to be read a minute after the last read, a connection of
   * `take()` ten seconds after its last exchange, or a minute after the last byte of one that nobody waits for.
   * @throws TypeError for a timeout that is none
   */
  async close(options?: CloseOptions): Promise<void> {
    await closeInTime(this.#shared, takeCloseOptions(options))
  }

  /** Ends everything at once: what is under way fails with `error`, as it is, by default each with a ConnectionLost (`CONNECTION_CLOSED`). */
  destroy(error?: unknown): void {
    this.#shared.underway.destroy(error)
    this.#shared.pool.destroy(error)
  }

  /** `close()`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  // ----------------------------------------------------------------------------------------- for other interfaces

  /** Draws the boundary of a form. @internal */
  get makeBoundary(): () => string {
    return this.#shared.makeBoundary
  }

  /** Sends what another interface has read. The body is given back on every way out. @internal */
  send(direct: DirectRequest): Promise<HTTPResponse> {
    const { method, url, fields, body, signal } = direct
    const { underway } = this.#shared
    try {
      underway.check()
      const to = this.#destinations.find(url)
      const settings = settingsWithAuth(this.#settingsOf(direct), to)
      const deadlines =
        signal === undefined &&
        this.#deadlines !== undefined &&
        settings.signal === this.#base.settings.signal
          ? this.#deadlines
          : deadlinesFor(
              signal === undefined ? settings : { ...settings, signal: anySignal(settings.signal, signal) },
              this.#shared.clock,
            )
      const of = { method, to, options: undefined, defaults: to.origin.defaults, fields, deadlines, settings }
      return this.#sendMade(of, body)
    } catch (error) {
      closeBody(body, error)
      tellUnsent(error)
      return Promise.reject(error)
    }
  }

  /** Sends what was read and taken over. It is under way until its answer is there. */
  #sendMade(of: MakingOf, body: OutgoingBody | FileHandleLike): Promise<HTTPResponse> {
    const { underway } = this.#shared
    const chain = this.#chains.chainFor(of.settings)
    const { signal } = of.deadlines
    if (!isMeasured(body)) return underway.watch(sendFile(chain, of, body, this.#waitGround()), signal)
    const request = makeRequest(of, body)
    // Most have neither a signal nor a body that has to be given back.
    return signal === undefined && !(body instanceof ChunkedBody)
      ? underway.send(chain, request)
      : underway.watch(sendOwned(chain, request), signal)
  }

  #waitGround(): WaitGround {
    const { clock, underway } = this.#shared
    return { clock, pauses: underway.pauses }
  }

  #settingsOf({ settings }: DirectRequest): ClientSettings {
    if (settings === undefined) return this.#base.settings
    let own = this.#direct.get(settings)
    if (own === undefined) {
      own = Object.freeze({ ...this.#base.settings, ...settings })
      this.#direct.set(settings, own)
    }
    return own
  }

  // --------------------------------------------------------------------------------------------------- sending

  #send(
    method: string | undefined,
    url: string | URL,
    options: ClientRequestOptions | undefined,
  ): ResponsePromise {
    let { throwOnError, context } = this.#base.settings
    let answer: Promise<HTTPResponse>
    const { underway } = this.#shared
    try {
      underway.check()
      if (options === undefined && this.#deadlines !== undefined && this.#base.query === '') {
        answer = this.#sendPlain(method ?? 'GET', url, this.#deadlines)
      } else {
        const taken = takeClientOptions(options, 'request')
        refuseBesideSocket(taken.proxy, this.#base.options.socketPath)
        const settings = resolveSettings(taken, this.#base.settings)
        throwOnError = settings.throwOnError
        context = settings.context
        answer = this.#sendTaken(method ?? taken.method ?? 'GET', url, taken, settings)
      }
    } catch (error) {
      closeBody(bodyToClose(options, this.#shared.makeBoundary), error)
      if (HTTPException.isHTTPException(error)) addContext(error, context)
      tellUnsent(error)
      answer = Promise.reject(error)
    }
    return ResponsePromise.of(answer, throwOnError)
  }

  /** A request that says nothing but where it goes. */
  #sendPlain(method: string, url: string | URL, deadlines: RequestDeadlines): Promise<HTTPResponse> {
    const to = this.#destinations.find(url)
    const settings = settingsWithAuth(this.#base.settings, to)
    const { defaults } = to.origin
    return this.#sendMade(
      { method, to, options: undefined, defaults, fields: NO_FIELDS, deadlines, settings },
      NO_BODY,
    )
  }

  #sendTaken(
    method: string,
    url: string | URL,
    options: ClientRequestOptions,
    settings: ClientSettings,
  ): Promise<HTTPResponse> {
    const { of, body } = this.#prepare(method, url, options, settings)
    try {
      return this.#sendMade(of, body)
    } catch (error) {
      closeBody(body, error)
      throw error
    }
  }

  /** Everything of a request but the request; the body is taken over last. */
  #prepare(
    method: string,
    url: string | URL,
    options: ClientRequestOptions,
    settings: ClientSettings,
  ): { readonly of: MakingOf; readonly body: OutgoingBody | FileHandleLike } {
    const deadlines = deadlinesFor(settings, this.#shared.clock)
    const query = options.query === undefined ? '' : writeQuery(options.query, 'query')
    const { baseUrl } = options
    const whole = baseUrl === undefined ? url : joinUrl(url, joinUrl(baseUrl, undefined))
    const to = this.#destinations.withQuery(whole, joinQueries(this.#base.query, query))
    const { under, over } = layFields(to.origin.defaults, options.headers)
    const whose = settingsWithAuth(settings, to)
    const of = { method, to, options, defaults: under, fields: over, deadlines, settings: whose }
    return { of, body: takeRequestBody(options, this.#shared.makeBoundary) }
  }

  #makeChains(): Chains {
    const locate = (url: URL) => this.#destinations.of(url)
    return new Chains(this.#layers, { ...this.#shared, locate }, this.#end.exchange)
  }
}

/** Options that `extend` has merged, with the client that they extend. */
const PARENTS = new WeakMap<ClientOptions, Client>()

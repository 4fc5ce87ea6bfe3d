// Deliberate faults in pool, layers, client and fetch: each takes something away that a promise rests on. The simulation must catch
// every one of them within a number of seeds that is written beside it.

import type { Fault } from '../../../support/fault-hunt.ts'

const ASSIGN = 'pool/assign.js'
const KEEPER = 'pool/keeper.js'
const POOL = 'pool/pool.js'
const QUEUED = 'pool/queued.js'
const BODY = 'pool/pooled-body.js'
const RESEND = 'pool/resend.js'
const REDIRECT = 'layers/redirect.js'
const RETRY = 'layers/retry.js'
const HOP = 'layers/hop.js'
const PAUSE = 'layers/pause.js'
const FEED = 'fetch/body-feed.js'
const ANSWER = 'fetch/response.js'

export const FAULTS: readonly Fault[] = [
  {
    does: 'opens more connections to an origin than it may',
    file: ASSIGN,
    find: 'if (ofOrigin < limits.perOrigin && !isFull)',
    replace: 'if (!isFull)',
    within: 500,
  },
  {
    does: 'opens more connections in all than it may',
    file: ASSIGN,
    find: 'const isFull = inTotal >= limits.total;',
    replace: 'const isFull = false;',
    within: 500,
  },
  {
    does: 'makes no room for another origin by an idle connection',
    file: ASSIGN,
    find: '(ofOrigin < limits.perOrigin ? longestIdle(connections.elsewhere) : undefined)',
    replace: 'undefined',
    within: 1_000,
  },
  {
    does: 'uses connections that are too old, or were idle too long',
    file: ASSIGN,
    find: 'return facts.exchanges >= limits.maxUses || now > expiresAt(facts, limits);',
    replace: 'return facts.exchanges >= limits.maxUses;',
    within: 500,
  },
  {
    does: 'uses a connection more often than maxUses',
    file: ASSIGN,
    find: 'return facts.exchanges >= limits.maxUses || now > expiresAt(facts, limits);',
    replace: 'return now > expiresAt(facts, limits);',
    within: 500,
  },
  {
    does: 'trusts the Keep-Alive of a server to the last moment',
    file: ASSIGN,
    find: 'KEEP_ALIVE_MARGIN_MS = 1_000',
    replace: 'KEEP_ALIVE_MARGIN_MS = 0',
    within: 2_000,
  },
  {
    does: 'sends requests behind one that may not be sent twice',
    file: 'pool/pool-origin.js',
    find: 'request !== undefined && !isIdempotent(request.method)',
    replace: 'false',
    within: 2_000,
  },
  {
    does: 'sends a request that may not be sent twice behind others',
    file: RESEND,
    find: "isIdempotent(method) && isReplayable(body) ? 'any' : 'alone'",
    replace: "'any'",
    within: 2_000,
  },
  {
    does: 'sends any method again when a connection dies',
    file: RESEND,
    find: 'if (isIdempotent(facts.method))',
    replace: 'if (true)',
    within: 2_000,
  },
  {
    does: 'sends a request again although its response had begun',
    file: RESEND,
    find: "if (facts.responseStarted) return no('a response had begun');",
    replace: '',
    within: 2_000,
  },
  {
    does: 'sends a request again that died on a new connection',
    file: RESEND,
    find: "if (!facts.reused) return no('the connection was opened for this request');",
    replace: '',
    within: 500,
  },
  {
    does: 'sends a body again that can be sent once',
    file: RESEND,
    find: "if (!facts.isReplayable) return no('the body can be sent once only');",
    replace: '',
    within: 10_000,
  },
  {
    does: 'forgets who waits when a connection becomes free',
    file: KEEPER,
    find: 'if (origin.waiting > 0 || this.#blocked.size > 0 || this.#isServing) this.serve(origin);',
    replace: '',
    within: 500,
  },
  {
    does: 'forgets who waits when a dial fails',
    file: KEEPER,
    find: 'this.#failOldest(origin, error, given); this.serve(origin);',
    replace: 'this.#failOldest(origin, error, given);',
    within: 1_000,
  },
  {
    does: 'counts a connection on that has ended',
    file: KEEPER,
    find: 'this.#connections--;',
    replace: '',
    within: 500,
  },
  {
    does: 'lets a dial go on that nobody waits for',
    file: KEEPER,
    find: 'if (origin.dials.size > 0) this.#dialer.watch(origin);',
    replace: '',
    within: 10_000,
  },
  {
    does: "fails a request by another one's timeout",
    file: KEEPER,
    find: 'if (outlasts(waiter, error, given)) continue;',
    replace: '',
    within: 2_000,
  },
  {
    does: 'tells those who wait nothing when it is destroyed',
    file: KEEPER,
    find: 'waiter.fail(error());',
    replace: '',
    within: 1_000,
  },
  {
    does: 'forgets who waits for its end',
    file: KEEPER,
    find: 'this.#onClosed?.();',
    replace: '',
    within: 500,
  },
  {
    does: 'keeps a request in the queue that was given up',
    file: QUEUED,
    find: 'if (this.#keeper.withdraw(this.#origin, this)) this.fail(reason);',
    replace: 'this.fail(reason);',
    within: 500,
  },
  {
    does: 'forgets to take a listener off a signal behind a wait',
    file: QUEUED,
    find: `stopListeningForAbort(signal, this.#onAbort);`,
    replace: ';',
    within: 500,
  },
  {
    does: 'forgets to take the timer of a wait back',
    file: QUEUED,
    find: 'this.#deadline.clear();',
    replace: '',
    within: 500,
  },
  {
    does: 'gives the same error to all that it destroys',
    file: POOL,
    find: `this.#keeper.destroy(() => error ?? new ConnectionLost('the pool was destroyed', undefined, 'CONNECTION_CLOSED'), this.#destroyed);`,
    replace: `const one = error ?? new ConnectionLost('the pool was destroyed', undefined, 'CONNECTION_CLOSED'); this.#keeper.destroy(() => one, this.#destroyed);`,
    within: 10_000,
  },
  {
    does: 'does nothing about a body that is given up',
    file: BODY,
    find: 'void this.#drain(); else this.#inner.cancel();',
    replace: '; else void 0;',
    within: 500,
  },
  {
    does: 'cuts off what is under way by close()',
    file: 'client/underway.js',
    find: 'return this.#count === 0 ? undefined : this.#empty;',
    replace: 'return undefined;',
    within: 2_000,
  },
  {
    does: 'waits on between two attempts after destroy()',
    file: PAUSE,
    find: 'for (const end of this.#ends) end(reason());',
    replace: '',
    within: 5_000,
  },
  {
    does: 'forgets to take a listener off a signal behind a wait between attempts',
    file: PAUSE,
    find: `if (signal !== undefined) stopListeningForAbort(signal, onAbort);`,
    replace: ``,
    within: 2_000,
  },
  {
    does: 'carries every field to another origin',
    file: HOP,
    find: "if (from.origin === to.origin) return 'all';",
    replace: "return 'all';",
    within: 500,
  },
  {
    does: 'carries fields to another origin that it does not know',
    file: HOP,
    find: 'return CARRIED.has(name) ||',
    replace: "return !['authorization', 'cookie'].includes(name) ||",
    within: 500,
  },
  {
    does: 'follows one redirect too many',
    file: REDIRECT,
    find: 'visited.length > settings.limit',
    replace: 'visited.length > settings.limit + 1',
    within: 2_000,
  },
  {
    does: 'sends a POST on behind a 303',
    file: HOP,
    find: "toGet === 'all but HEAD' ? method !== 'HEAD' : toGet === method",
    replace: 'toGet === method',
    within: 1_000,
  },
  {
    does: 'sends a body to the next place that can be sent once',
    file: REDIRECT,
    find: `if (!isDropped && !facts.isReplayable)`,
    replace: `if (false)`,
    within: 2_000,
  },
  {
    does: 'ends an upload as if it were whole when its body is given back',
    file: 'transport/h1/send-request.js',
    find: 'body.guard(() => transport.stopUpload(exchange));',
    replace: '',
    within: 10_000,
  },
  {
    does: 'tries again what may not be sent twice',
    file: RETRY,
    find: 'const isSafe = settings.methods.includes(method) || facts.hasKey || !facts.mayHaveActed;',
    replace: 'const isSafe = true;',
    within: 500,
  },
  {
    does: 'tries again more often than it may',
    file: RETRY,
    find: 'attempt > settings.limit',
    replace: 'attempt > settings.limit + 3',
    within: 5_000,
  },
  {
    does: 'ends the stream of a body that broke off before it was asked for as if it were whole',
    file: FEED,
    find: 'if (this.#response.hasEnded)',
    replace: 'if (this.#response.isClosed)',
    within: 10_000,
  },
  {
    does: 'listens for an abort at a stream that clone() has replaced',
    file: ANSWER,
    find: 'this.#feed?.leave();',
    replace: 'this.#feed?.stream.getReader();',
    within: 10_000,
  },
  {
    does: 'gives what one reader of a clone has read to that one alone',
    file: 'fetch/tee.js',
    find: 'this.second.push(Buffer.from(chunk));',
    replace: '',
    within: 500,
  },
  {
    does: 'gives the connection up with the first branch of a clone that is cancelled',
    file: 'fetch/tee.js',
    find: 'if (this.first.isCancelled && this.second.isCancelled)',
    replace: 'if (this.first.isCancelled || this.second.isCancelled)',
    within: 1_000,
  },
  {
    does: 'tells an error of the library as it is where fetch has failed',
    file: 'fetch/errors.js',
    find: 'return new TypeError(message, { cause: error });',
    replace: 'return error;',
    within: 500,
  },
  {
    does: 'hides the reason of an abort behind an error of fetch',
    file: 'fetch/errors.js',
    find: `if (signal?.aborted === true)
        return signal.reason;`,
    replace: '',
    within: 1_000,
  },
  {
    does: 'ends a watched upload as if it were whole when the body under it is given back',
    file: 'layers/transfer-watch.js',
    find: '() => watched.close()',
    replace: '() => {}',
    within: 10_000,
  },
  {
    does: 'ends the upload of a lent body as if it were whole when the body under it is given back',
    file: 'layers/auth/lent-body.js',
    find: 'body.guard(() => current.close());',
    replace: '',
    within: 50_000,
  },
  {
    does: 'waits for the peer of a watched upload that was given back',
    file: 'layers/transfer-watch.js',
    find: 'if (!isClosed())',
    replace: 'if (true)',
    within: 5_000,
  },
]

// Deliberate faults: each takes something away that a promise rests on. The simulation must catch every one of them within
// a number of seeds that is written beside it; a simulation that finds nothing proves something only if it would have.
// `find` and `replace` are pieces of the compiled files of src; white space does not count in `find`.

export interface Fault {
  /** What the faulty client does. */
  readonly does: string
  readonly file: string
  readonly find: string
  readonly replace: string
  /** Within how many seeds, from 1 on, it has to be caught. */
  readonly within: number
}

const WIRE = 'transport/h1-wire.js'
const BODY = 'transport/wire-body.js'
const UPLOAD = 'transport/upload.js'
const CONNECTION = 'connection/http-connection.js'
const ENGINE = 'h1/engine.js'
const DECODERS = 'h1/body-decoders.js'

export const FAULTS: readonly Fault[] = [
  {
    does: 'delivers a truncated body of known length as complete',
    file: DECODERS,
    find: 'throw new IncompleteRead(NOTHING, this.#remaining);',
    replace: 'return END;',
    within: 2_000,
  },
  {
    does: 'delivers a truncated chunked body as complete',
    file: DECODERS,
    find: "throw new IncompleteRead(NOTHING, this.#state === 'data' ? this.#remaining : undefined);",
    replace: 'return END;',
    within: 1_000,
  },
  {
    does: 'takes a reset for the end of a body that the connection delimits',
    file: WIRE,
    find: 'this.#fail(error ?? new ConnectionLost(this.#stream.address));',
    replace: 'this.#onPeerEnd();',
    within: 2_000,
  },
  {
    does: 'takes the end of what was closed early for the end of the body',
    file: 'core/response.js',
    find: 'this.#isCut = true;',
    replace: '',
    within: 10_000,
  },
  {
    does: 'skips the check of the line end behind a chunk',
    file: DECODERS,
    find: "if (byte !== CR) throw violation('BAD_CHUNK_END', offset, String.fromCharCode(byte));",
    replace: '',
    within: 500,
  },
  {
    does: 'loses the bytes that had come before a body broke off',
    file: BODY,
    find: 'if (!(failure instanceof IncompleteRead) || rest.length === 0)',
    replace: 'if (true)',
    within: 5_000,
  },
  {
    does: 'gives bytes out twice',
    file: BODY,
    find: 'this.#queue[0] = first.subarray(count);',
    replace: '',
    within: 1_000,
  },
  {
    does: 'keeps a borrowed buffer without copying it',
    file: BODY,
    find: 'waiter.resolve(Buffer.from(bytes));',
    replace: 'waiter.resolve(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));',
    within: 500,
  },
  {
    does: 'keeps the beginning of a head without copying it',
    file: 'h1/receive-buffer.js',
    find: 'this.bytes.set(rest);',
    replace: '',
    within: 500,
  },
  {
    does: 'gives a response to the newest request instead of the oldest',
    file: WIRE,
    find: 'const exchange = this.#exchanges[0]; switch (event.type)',
    replace: 'const exchange = this.#exchanges.at(-1); switch (event.type)',
    within: 500,
  },
  {
    does: 'takes bytes that came on an idle connection for the next response',
    file: ENGINE,
    find: "throw violation('UNEXPECTED_DATA', buffer.offsetOf(buffer.start));",
    replace: 'return NEED_DATA;',
    within: 500,
  },
  {
    does: 'uses a connection again after Content-Length beside Transfer-Encoding',
    file: 'h1/framing.js',
    find: 'lengths.length === 0 && facts.version === 11',
    replace: 'true',
    within: 5_000,
  },
  {
    does: 'uses a connection again after Connection: close',
    file: 'h1/framing.js',
    find: "if (options.includes('close')) return false;",
    replace: '',
    within: 500,
  },
  {
    does: 'never uses a connection again',
    file: CONNECTION,
    find: 'return this.#wire?.canTake === true ? this.#wire : undefined;',
    replace: 'return undefined;',
    within: 500,
  },
  {
    does: 'sends a request again when it failed',
    file: CONNECTION,
    find: 'catch (error) { this.#forget(exchange); // A source',
    replace:
      'catch (error) { this.#forget(exchange); return this.#sendDraft(draft, body, options, isWhole); // A source',
    within: 500,
  },
  {
    does: 'skips the limit of informational responses',
    file: ENGINE,
    find: '++exchange.informational > this.limits.maxInformational',
    replace: 'false',
    within: 500,
  },
  {
    does: 'skips the limit of field lines',
    file: 'h1/head-scanner.js',
    find: '++this.#lines > this.#maxFields + this.#startLines',
    replace: 'false',
    within: 500,
  },
  {
    does: 'skips the limit of chunk extensions',
    file: DECODERS,
    find: '++this.#extensionBytes > limits.maxChunkExtensionBytes',
    replace: 'false',
    within: 500,
  },
  {
    does: 'ignores an abort while the response is awaited',
    file: WIRE,
    find: 'exchange.onAbort = () => this.#fail(signal.reason, exchange, true);',
    replace: 'exchange.onAbort = () => {};',
    within: 500,
  },
  {
    does: 'ignores an abort while the connection is opened',
    file: 'io/waiting.js',
    find: "signal?.addEventListener('abort', onAbort, { once: true });",
    replace: '',
    within: 500,
  },
  {
    does: 'ignores an abort between connecting and asking a proxy for a tunnel',
    file: WIRE,
    find: 'options.signal?.throwIfAborted();',
    replace: '',
    within: 50_000,
  },
  {
    does: 'ignores close() between connecting and sending',
    file: CONNECTION,
    find: 'closed.throwIfAborted(); signal?.throwIfAborted();',
    replace: '',
    within: 10_000,
  },
  {
    does: 'forgets to take a listener off a signal',
    file: WIRE,
    find: "exchange.options.signal?.removeEventListener('abort', exchange.onAbort);",
    replace: '',
    within: 500,
  },
  {
    does: 'forgets to take a deadline back',
    file: WIRE,
    find: 'this.#deadline?.clear();',
    replace: '',
    within: 500,
  },
  {
    does: 'forgets to close the stream of a failed exchange',
    file: WIRE,
    find: 'this.#watch(); this.#stream.close(); const [oldest]',
    replace: 'this.#watch(); const [oldest]',
    within: 500,
  },
  {
    does: 'forgets a response that was asked for',
    file: CONNECTION,
    find: 'this.#arriving.delete(exchange);',
    replace: '',
    within: 500,
  },
  {
    does: 'forgets who waits for the peer to take more',
    file: WIRE,
    find: 'for (const exchange of this.#exchanges) exchange.drained?.();',
    replace: '',
    within: 1_000,
  },
  {
    does: 'forgets to read on when the caller does',
    file: BODY,
    find: 'this.#source.letGo();',
    replace: '',
    within: 10_000,
  },
  {
    does: 'lets nobody handle a failed upload that is awaited twice',
    file: CONNECTION,
    find: 'this.#begun.catch(() => {',
    replace: 'Promise.resolve().catch(() => {',
    within: 500,
  },
  {
    does: 'waits for a 100 (Continue) without a limit',
    file: WIRE,
    find: 'timer.set(timeoutMs);',
    replace: '',
    within: 1_000,
  },
  {
    does: 'reads on although nobody takes what comes',
    file: BODY,
    find: 'const HIGH_WATER_BYTES = 65_536;',
    replace: 'const HIGH_WATER_BYTES = Infinity;',
    within: 10_000,
  },
  {
    does: 'writes on although the peer takes nothing',
    file: UPLOAD,
    find: 'if (!goOn)',
    replace: 'if (false)',
    within: 500,
  },
  {
    does: 'begins the total timeout anew when the connection is open',
    file: CONNECTION,
    find: 'endsAt ?? this.#endsAt(timeouts)',
    replace: 'this.#endsAt(timeouts)',
    within: 500,
  },
  {
    does: 'forgets the total timeout where another phase has a longer one',
    file: 'transport/exchange.js',
    find: 'if (leftMs < dueInMs)',
    replace: 'if (false)',
    within: 500,
  },
  {
    does: 'begins the timeout of the head anew with each byte of it',
    file: 'transport/exchange.js',
    find: 'timeoutMs - awaitedMs',
    replace: 'timeoutMs',
    within: 5_000,
  },
  {
    does: 'lets a field value end its line',
    file: 'h1/head-writer.js',
    find: 'if (isFieldValue(value)) return;',
    replace: 'return;',
    within: 500,
  },
  {
    does: 'lets a target end the request line',
    file: 'h1/head-writer.js',
    find: 'findForbiddenInTarget(target);',
    replace: '-1;',
    within: 500,
  },
  {
    does: 'loses trailers',
    file: BODY,
    find: 'this.trailers = trailers;',
    replace: '',
    within: 500,
  },
  {
    does: 'ends the body of a failed source as if it were whole',
    file: UPLOAD,
    find: 'catch (error) { exchange.stopSource = undefined; giveBack(iterator); wire.abort(error); throw error; }',
    replace: 'catch (error) { exchange.stopSource = undefined; giveBack(iterator); }',
    within: 500,
  },
  {
    does: 'does not give a source back that is not read to its end',
    file: UPLOAD,
    find: 'exchange.stopSource = undefined; giveBack(iterator); if (exchange',
    replace: 'exchange.stopSource = undefined; if (exchange',
    within: 500,
  },
  {
    does: 'shows credentials in the debug trace',
    file: 'connection/debug-trace.js',
    find: 'this.#showsCredentials ? text : maskCredentials(text)',
    replace: 'text',
    within: 500,
  },
  {
    does: 'cuts pipelined exchanges off when a new connection is needed',
    file: CONNECTION,
    find: 'if (this.#wire?.isClosed === false) {',
    replace: 'if (false) {',
    within: 50_000,
  },
]

// Deliberate faults: each takes away one of the things that keep a caller's data inside the message it belongs to. The
// attempts must catch every one of them.

import type { Fault } from '../../../support/fault-hunt.ts'

const WRITER = 'h1/head-writer.js'
const SENT = 'h1/snapshot-fields.js'
const ENGINE = 'h1/engine.js'
/** All attempts of the table of payloads, in whatever order. */
const ALL = 60_000

export const FAULTS: readonly Fault[] = [
  {
    does: 'does not check field values',
    file: WRITER,
    find: 'if (isFieldValue(value)) return;',
    replace: 'return;',
    within: 2_000,
  },
  {
    does: 'checks field values only after the characters have become bytes',
    file: WRITER,
    find: 'if (isFieldValue(value)) return;',
    replace: "if (isFieldValue(value.replace(/[^\\0-\\xff]/g, 'x'))) return;",
    within: 2_000,
  },
  {
    does: 'does not check field names',
    file: WRITER,
    find: 'if (!isToken(name)) {',
    replace: 'if (false) {',
    within: 2_000,
  },
  {
    does: 'trims values with the white space of JavaScript before checking them',
    file: WRITER,
    find: 'if (isFieldValue(value)) return;',
    replace: 'if (isFieldValue(value.trim())) return;',
    within: 2_000,
  },
  {
    does: 'does not check methods',
    file: WRITER,
    find: 'if (!isToken(method))',
    replace: 'if (false)',
    within: 500,
  },
  {
    does: 'does not check targets',
    file: WRITER,
    find: 'findForbiddenInTarget(target);',
    replace: '-1;',
    within: 2_000,
  },
  {
    does: 'takes objects for texts, and looks at them again when it writes',
    file: 'core/snapshot.js',
    find: "if (typeof value !== 'string')",
    replace: 'if (false)',
    within: 5_000,
  },
  {
    does: 'looks at the fields of an event once to check and again to write',
    file: SENT,
    find: 'fields: snapshotFields(fields) }; } /** * The response',
    replace: 'fields }; } /** * The response',
    within: ALL,
  },
  {
    does: 'looks at the trailers of an event twice',
    file: ENGINE,
    find: 'NO_FIELDS : snapshotFields(trailers)',
    replace: 'NO_FIELDS : event.trailers',
    within: ALL,
  },
  {
    does: 'does not check the fields of a trailer section',
    file: WRITER,
    find: 'return `${writeFieldLines(trailers, tolerances)}\\r\\n`;',
    replace: "return trailers.map(([name, value]) => `${name}: ${value}\\r\\n`).join('') + '\\r\\n';",
    within: ALL,
  },
  {
    does: 'loses trailers that can be gone through only once',
    file: 'core/outgoing-body.js',
    find: "assertString(value, 'The value of a trailer'); return lines;",
    replace: "assertString(value, 'The value of a trailer'); return trailers;",
    within: ALL,
  },
  {
    does: 'writes the CONNECT of a tunnel without the checks of the engine',
    file: 'transport/tunnel.js',
    find: "const request = { type: 'request', method: 'CONNECT', target, fields };",
    replace:
      "const request = { type: 'request', method: 'CONNECT', target, fields: [['Host', target]] }; wire.stream.write(fields.map(([name, value]) => `${name}: ${value}\\r\\n`).join(''));",
    within: ALL,
  },
  {
    does: 'does not check what the host of a connection holds',
    file: 'core/host.js',
    find: 'if (bad >= 0)',
    replace: 'if (false)',
    within: ALL,
  },
  {
    does: 'believes the length that bytes say they have',
    file: 'core/snapshot.js',
    find: 'return viewBy(TYPED_ARRAY, bytes);',
    replace: 'return bytes;',
    within: 5_000,
  },
  {
    does: 'sends more of a body than was declared',
    file: 'h1/body-encoders.js',
    find: 'if (bytes.length > this.#remaining) {',
    replace: 'if (false) {',
    within: 5_000,
  },
  {
    does: 'ends a body that is shorter than was declared',
    file: 'h1/body-encoders.js',
    find: 'if (this.#remaining > 0)',
    replace: 'if (false)',
    within: 60_000,
  },
  {
    does: 'sends Content-Length beside Transfer-Encoding',
    file: WRITER,
    find: 'if (lengths.length + encodings.length > 1)',
    replace: 'if (false)',
    within: 2_000,
  },
  {
    does: 'sends a Content-Length with a sign, a list or white space in it',
    file: WRITER,
    find: "if (length.kind !== 'valid' || length.repeated)",
    replace: 'if (false)',
    within: 2_000,
  },
  {
    does: 'sends a Transfer-Encoding that does not end in chunked',
    file: WRITER,
    find: '!encoding.finalChunked ||',
    replace: '',
    within: 2_000,
  },
  {
    does: 'sends two Host fields',
    file: WRITER,
    find: 'if (hosts.length > 1)',
    replace: 'if (false)',
    within: 2_000,
  },
  {
    does: 'sends a Host that is none',
    file: WRITER,
    find: 'if (hosts.length === 1 && !isHostValue(hosts[0]))',
    replace: 'if (false)',
    within: 2_000,
  },
  {
    does: 'sends content with a CONNECT',
    file: WRITER,
    find: "if (method === 'CONNECT' && hasContent)",
    replace: 'if (false)',
    within: ALL,
  },
  {
    does: 'lets an argument of putheader hold a continuation line',
    file: 'python/header-fields.js',
    find: "for (const line of ['', ...lines]) checkField(name, line, STRICT);",
    replace: '',
    within: ALL,
  },
  {
    does: 'drops what a caller of Python sends after the last chunk, and says nothing',
    file: 'python/unchunk.js',
    find: 'if (this.#isEnded && this.#buffer.length > 0) {',
    replace: 'if (false) {',
    within: ALL,
  },
  {
    does: 'takes a version from _http_vsn unseen',
    file: SENT,
    find: 'if (version !== 10 && version !== 11)',
    replace: 'if (false)',
    within: ALL,
  },
  {
    does: 'looks at values with their folds in them',
    file: 'core/fields.js',
    find: "value.includes('\\r') ?",
    replace: 'false ?',
    within: ALL,
  },
  {
    does: 'takes continuation lines without content',
    file: WRITER,
    find: "trimWhitespace(line) !== '' && isFieldValue(line)",
    replace: 'isFieldValue(line)',
    within: ALL,
  },
  {
    does: "sends a caller's Proxy-Authorization into a tunnel",
    file: 'client/proxying.js',
    find: 'if (!saysProxyAuthorization(request))',
    replace: 'if (true)',
    within: ALL,
  },
  {
    does: 'sends what goes through a tunnel as if it went to the proxy, with who we are to it',
    file: 'client/inner-end.js',
    find: 'if (isTunnelled || !isForwarded(route, schemeOf(request.origin))) return pool.exchange(',
    replace: 'if (false) return pool.exchange(',
    within: ALL,
  },
  {
    does: 'says nothing of a user to a proxy but the name',
    file: 'auth/basic.js',
    find: '`${user}:${password}`',
    replace: '`${user}:`',
    within: ALL,
  },
]

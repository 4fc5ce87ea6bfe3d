// Deliberate faults of the engine: each takes something away that a promise about hostile bytes rests on. The fuzzer must
// catch every one of them within a number of inputs that is written beside it.

import type { Fault } from '../../../support/fault-hunt.ts'

const ENGINE = 'h1/engine.js'
const BUFFER = 'h1/receive-buffer.js'
const SCANNER = 'h1/head-scanner.js'
const PARSER = 'h1/head-parser.js'
const READER = 'h1/head-reader.js'
const DECODERS = 'h1/body-decoders.js'
const FRAMING = 'h1/framing.js'

export const FAULTS: readonly Fault[] = [
  {
    does: 'takes a bare LF for the end of a chunk size, but only where a piece begins with it',
    file: DECODERS,
    find: 'this.#step(buffer.bytes[at], buffer.offsetOf(at));',
    replace:
      "if (at === 0 && buffer.bytes[at] === LF && this.#state === 'size' && this.#hasDigit) this.#endSizeLine(); else this.#step(buffer.bytes[at], buffer.offsetOf(at));",
    within: 20_000,
  },
  {
    does: 'takes a bare LF for the end of a chunk size',
    file: DECODERS,
    find: "else if (byte === LF) { throw violation('BARE_LF', offset, '\\n'); }",
    replace: 'else if (byte === LF) { this.#endSizeLine(); }',
    within: 5_000,
  },
  {
    does: 'takes a bare LF in a chunk extension for the end of its line',
    file: DECODERS,
    find: "else if (byte === LF) throw violation('BARE_LF', offset, '\\n');",
    replace: 'else if (byte === LF) this.#endSizeLine();',
    within: 20_000,
  },
  {
    does: 'counts chunk sizes in 32 bits',
    file: DECODERS,
    find: 'this.#size = this.#size * 16 + hexValue(byte);',
    replace: 'this.#size = (this.#size * 16 + hexValue(byte)) >>> 0;',
    within: 20_000,
  },
  {
    does: 'knows no hexadecimal digits in capitals',
    file: 'core/grammar.js',
    find: '/[0-9A-Fa-f]/.test(character)',
    replace: '/[0-9a-f]/.test(character)',
    within: 20_000,
  },
  {
    does: 'refuses blanks before a chunk extension',
    file: DECODERS,
    find: "else if (isBlank(byte)) { this.#state = 'size-blank'; this.#countExtension(offset); }",
    replace: '',
    within: 20_000,
  },
  {
    does: 'loses a chunk size that comes in two pieces',
    file: DECODERS,
    find: 'buffer.consumeTo(at + 1); } return undefined;',
    replace: 'buffer.consumeTo(at + 1); } this.#size = 0; return undefined;',
    within: 2_000,
  },
  {
    does: 'skips the check of the line end behind a chunk',
    file: DECODERS,
    find: "if (byte !== CR) throw violation('BAD_CHUNK_END', offset, String.fromCharCode(byte));",
    replace: '',
    within: 5_000,
  },
  {
    does: 'delivers a truncated body of known length as complete',
    file: DECODERS,
    find: 'throw new IncompleteRead(NOTHING, this.#remaining);',
    replace: 'return END;',
    within: 5_000,
  },
  {
    does: 'delivers a truncated chunked body as complete',
    file: DECODERS,
    find: "throw new IncompleteRead(NOTHING, this.#state === 'data' ? this.#remaining : undefined);",
    replace: 'return END;',
    within: 5_000,
  },
  {
    does: 'reserves memory for a declared length',
    file: DECODERS,
    find: 'constructor(length) { this.#remaining = length; }',
    replace: 'constructor(length) { this.#remaining = length; this.reserved = Buffer.alloc(length); }',
    within: 20_000,
  },
  {
    does: 'skips the limit of chunk extensions',
    file: DECODERS,
    find: '++this.#extensionBytes > limits.maxChunkExtensionBytes',
    replace: 'false',
    within: 20_000,
  },
  {
    does: 'skips the limit of a line that came with its end',
    file: SCANNER,
    find: 'if (length > this.#maxLineBytes + 1 || (length === this.#maxLineBytes + 1 && bytes[i - 1] !== CR))',
    replace: 'if (false)',
    within: 2_000,
  },
  {
    does: 'skips the limit of field lines',
    file: SCANNER,
    find: '++this.#lines > this.#maxFields + this.#startLines',
    replace: 'false',
    within: 5_000,
  },
  {
    does: 'skips the limit of informational responses',
    file: ENGINE,
    find: '++exchange.informational > this.limits.maxInformational',
    replace: 'false',
    within: 20_000,
  },
  {
    does: 'forgets where the line began when a head comes in pieces',
    file: SCANNER,
    find: 'this.#line = line - start;',
    replace: 'this.#line = this.#seen;',
    within: 2_000,
  },
  {
    does: 'looks at a head from its beginning at each piece',
    file: SCANNER,
    find: 'let line = start + this.#line;',
    replace:
      'for (let i = start; i < end; i++) if (bytes[i] > 255) return MORE; let line = start + this.#line;',
    within: 20_000,
  },
  {
    does: 'keeps the beginning of a head without copying it',
    file: BUFFER,
    find: 'this.bytes.set(rest);',
    replace: '',
    within: 500,
  },
  {
    does: 'drops the last byte that is held when its buffer grows',
    file: BUFFER,
    find: 'grown.set(this.bytes.subarray(this.start, this.end));',
    replace: 'grown.set(this.bytes.subarray(this.start, this.end - 1));',
    within: 20_000,
  },
  {
    does: 'loses the small chunks in front of a fault',
    file: DECODERS,
    find: 'if (this.#gathered === 0)\n                throw error;',
    replace: 'throw error;',
    within: 20_000,
  },
  {
    does: 'gathers a chunk that is not there as a whole',
    file: DECODERS,
    find: 'if (end - start <= length + (this.#gathered === 0 ? END_BYTES : 0))',
    replace: 'if (end - start <= 2)',
    within: 20_000,
  },
  {
    does: 'gives the head before for one that differs in its first bytes only',
    file: 'h1/head-memo.js',
    find: 'for (; i >= 3; i -= 4)',
    replace: 'for (; i >= 20 || (i = -1) >= 0; i -= 4)',
    within: 20_000,
  },
  {
    does: 'gives the head before without looking at the bytes',
    file: 'h1/head-memo.js',
    find: 'if (difference !== 0)\n                return undefined;',
    replace: '',
    within: 20_000,
  },
  {
    does: 'keeps a bare CR in a value',
    file: PARSER,
    find: "else if (code === CR) throw violation('BARE_CR', offset + i, '\\r');",
    replace: 'else if (code === CR) i++;',
    within: 5_000,
  },
  {
    does: 'keeps a NUL in a value',
    file: PARSER,
    find: "else if (code === 0) throw violation('NUL_IN_HEAD', offset + i, '\\0');",
    replace: 'else if (code === 0) i++;',
    within: 5_000,
  },
  {
    does: 'reads HTTP/0.9 without leave',
    file: READER,
    find: 'if (!this.#rules.tolerances.http09 ||',
    replace: 'if (',
    within: 2_000,
  },
  {
    does: 'skips any number of empty lines in front of a head',
    file: READER,
    find: 'this.#buffer.consumeTo(start + 2); this.maySkipEmptyLine = false;',
    replace: 'this.#buffer.consumeTo(start + 2);',
    within: 20_000,
  },
  {
    does: 'lets Content-Length win over Transfer-Encoding',
    file: FRAMING,
    find: 'const encoding = readTransferEncoding(encodings);',
    replace: 'const encoding = readTransferEncoding(lengths.length > 0 ? [] : encodings);',
    within: 20_000,
  },
  {
    does: 'lets a request have both framing fields',
    file: FRAMING,
    find: 'if (lengths.length > 0 || version === 10 || !encoding.finalChunked)',
    replace: 'if (version === 10 || !encoding.finalChunked)',
    within: 20_000,
  },
  {
    does: 'lets a request have two Host fields',
    file: ENGINE,
    find: 'hosts.length > 1 ||',
    replace: '',
    within: 20_000,
  },
  {
    does: 'reads the body of a response to HEAD',
    file: FRAMING,
    find: "method === 'HEAD' || status < 200",
    replace: 'status < 200',
    within: 5_000,
  },
  {
    does: 'takes bytes that came on an idle connection for the next response',
    file: ENGINE,
    find: "throw violation('UNEXPECTED_DATA', buffer.offsetOf(buffer.start));",
    replace: 'return NEED_DATA;',
    within: 2_000,
  },
  {
    does: 'reads on behind an error',
    file: ENGINE,
    find: 'if (this.#failure !== undefined) throw this.#failure;',
    replace: '',
    within: 500,
  },
  {
    does: 'keeps what comes behind an error',
    file: ENGINE,
    find: 'if (this.#failure !== undefined) return;',
    replace: '',
    within: 2_000,
  },
  {
    does: 'says HTTP/1.1 for every version that it writes',
    file: 'h1/head-writer.js',
    find: 'return `${method} ${target} HTTP/1.${version - 10}\\r\\n`;',
    replace: 'return `${method} ${target} HTTP/1.1\\r\\n`;',
    within: 20_000,
  },
  {
    does: 'writes no trailers',
    file: 'h1/body-encoders.js',
    find: '${writeTrailers(trailers, this.#tolerances)}',
    replace: '${writeTrailers([], this.#tolerances)}',
    within: 20_000,
  },
]

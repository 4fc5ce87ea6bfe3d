/**
 * The engine alone, against parsers, without a socket: `H1Engine` of `httplib-ts/h1`, llhttp in C++ as `node:http` uses it,
 * llhttp in WebAssembly as undici uses it, and http-parser-js.
 *
 * Each is given one response at a time and has to hand out the same: the status, every field as two strings, the bytes
 * of the body as views, the end. What came out is counted and checked at the end of each round. `H1Engine` does more: it
 * is a client's engine, so each response is preceded by a request that it writes.
 */

import { H1Engine } from 'httplib-ts/h1'
import { cannedResponse } from '../canned.ts'
import type { Contender, Session } from '../contender.ts'
import { importPeer, peerVersion } from '../peers.ts'
import type { Workload } from '../workloads.ts'

/** What a parser handed out. */
interface Tally {
  messages: number
  fields: number
  bodyBytes: number
}

type Feed = (bytes: Buffer) => void

interface Parser {
  /** Called before each response; a client's engine writes a request. */
  readonly begin: () => void
  readonly feed: Feed
}

function parsing(version: () => string, make: (tally: Tally) => Parser | Promise<Parser>): Contender {
  return {
    version,
    async open(workload) {
      const tally: Tally = { messages: 0, fields: 0, bodyBytes: 0 }
      return sessionOf(workload, await make(tally), tally)
    },
  }
}

/** One for each value: a Buffer for each byte of a body would measure how far they lie apart in memory. */
const SINGLE_BYTES: readonly Buffer[] = Array.from({ length: 256 }, (_, byte) => Buffer.of(byte))

function sessionOf({ request, response, byByte }: Workload, parser: Parser, tally: Tally): Session {
  const { variants } = cannedResponse(response, request)
  const feeds = variants.map((bytes) =>
    byByte === true ? [...bytes].map((byte) => SINGLE_BYTES[byte]!) : [bytes],
  )
  let next = 0
  return {
    lanes: 1,
    lane(_, take) {
      const before = { ...tally }
      let messages = 0
      for (; take(); messages++) {
        parser.begin()
        for (const bytes of feeds[next++ % feeds.length]!) parser.feed(bytes)
      }
      check('messages', tally.messages - before.messages, messages)
      check('fields', tally.fields - before.fields, messages * response.fields)
      check('bytes', tally.bodyBytes - before.bodyBytes, messages * response.bodyBytes)
      return Promise.resolve(tally.bodyBytes - before.bodyBytes)
    },
    close() {},
  }
}

function check(what: string, is: number, expected: number): void {
  if (is !== expected) throw new Error(`the parser gave ${is} ${what} where there were ${expected}`)
}

const REQUEST = { type: 'request', method: 'GET', target: '/', fields: [['Host', 'localhost']] } as const
const END = { type: 'end' } as const

export const h1Engine: Contender = parsing(
  () => 'this',
  (tally) => {
    const engine = new H1Engine('client')
    return {
      begin: () => {
        engine.send(REQUEST)
        engine.send(END)
      },
      feed: (bytes) => {
        engine.receive(bytes)
        for (;;) {
          const event = engine.nextEvent()
          if (event.type === 'response') tally.fields += event.fields.length
          else if (event.type === 'data') tally.bodyBytes += event.bytes.length
          else if (event.type === 'end') tally.messages++
          else return
        }
      },
    }
  },
)

/** The parser of `node:http`, and http-parser-js, which has the same interface. */
interface NodeParser {
  initialize(type: unknown, resource: object): void
  execute(bytes: Buffer): unknown
  [callback: number]: (...facts: never[]) => unknown
}

interface NodeParserClass {
  new (): NodeParser
  readonly RESPONSE: unknown
  readonly kOnHeaders: number
  readonly kOnHeadersComplete: number
  readonly kOnBody: number
  readonly kOnMessageComplete: number
}

function nodeParser(HTTPParser: NodeParserClass, tally: Tally): Parser {
  const parser = new HTTPParser()
  const set = (callback: number, action: (...facts: never[]) => unknown): void => {
    parser[callback] = action
  }
  parser.initialize(HTTPParser.RESPONSE, {})
  // More than 32 fields come in parts; names and values alternate.
  set(HTTPParser.kOnHeaders, (fields: string[]) => {
    tally.fields += fields.length / 2
  })
  // http-parser-js hands over one object, Node's own a list of arguments.
  set(
    HTTPParser.kOnHeadersComplete,
    (head: number | { headers: string[] }, _minor: unknown, fields?: string[]) => {
      tally.fields += (typeof head === 'object' ? head.headers : (fields ?? [])).length / 2
      return 0
    },
  )
  set(HTTPParser.kOnBody, (bytes: Buffer, _offset: unknown, length?: number) => {
    tally.bodyBytes += length ?? bytes.length
  })
  set(HTTPParser.kOnMessageComplete, () => {
    tally.messages++
  })
  return {
    begin: () => {},
    feed: (bytes) => {
      const result = parser.execute(bytes)
      if (result instanceof Error) throw result
    },
  }
}

export const llhttpNative: Contender = parsing(
  () => process.versions['llhttp'] ?? 'unknown',
  async (tally) => {
    // Node has no public door to its parser; this one is where `node:http` itself gets it.
    const internal: string = 'node:_http_common'
    const { HTTPParser } = (await import(internal)) as { HTTPParser: NodeParserClass }
    return nodeParser(HTTPParser, tally)
  },
)

export const httpParserJs: Contender = parsing(
  () => peerVersion('http-parser-js'),
  async (tally) => {
    const { HTTPParser } = (await importPeer('http-parser-js')) as { HTTPParser: NodeParserClass }
    return nodeParser(HTTPParser, tally)
  },
)

interface LlhttpExports {
  readonly memory: { readonly buffer: ArrayBuffer }
  llhttp_alloc(type: number): number
  llhttp_execute(parser: number, at: number, length: number): number
  malloc(bytes: number): number
}

/** The declarations of Node 20 leave WebAssembly to those of browsers. */
interface WebAssemblyGlobal {
  readonly Module: new (bytes: Buffer) => object
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown }
}

const LLHTTP_RESPONSE = 2
const LLHTTP_PAUSED = 21
const WASM_BUFFER_BYTES = 262_144

export const llhttpWasm: Contender = parsing(
  () => `of undici ${peerVersion('undici')}`,
  async (tally) => {
    const { default: code } = (await importPeer('undici/lib/llhttp/llhttp_simd-wasm.js')) as {
      default: Buffer
    }
    const { WebAssembly } = globalThis as unknown as { WebAssembly: WebAssemblyGlobal }
    let name = ''
    let source: Buffer = Buffer.alloc(0)
    // As undici does: what the parser points at lies at the same place in the buffer that was copied in.
    let base = 0
    const text = (at: number, length: number): string =>
      source.toString('latin1', at - base, at - base + length)
    const env = {
      wasm_on_url: () => 0,
      wasm_on_status: (_: number, at: number, length: number) => (text(at, length), 0),
      wasm_on_message_begin: () => 0,
      wasm_on_header_field: (_: number, at: number, length: number) => {
        name = text(at, length)
        return 0
      },
      wasm_on_header_value: (_: number, at: number, length: number) => {
        if (name.length > 0 && text(at, length).length === length) tally.fields++
        return 0
      },
      wasm_on_headers_complete: () => 0,
      wasm_on_body: (_: number, at: number, length: number) => {
        tally.bodyBytes += source.subarray(at - base, at - base + length).length
        return 0
      },
      wasm_on_message_complete: () => {
        tally.messages++
        return 0
      },
    }
    const llhttp = new WebAssembly.Instance(new WebAssembly.Module(code), { env }).exports as LlhttpExports
    const parser = llhttp.llhttp_alloc(LLHTTP_RESPONSE)
    base = llhttp.malloc(WASM_BUFFER_BYTES)
    return {
      begin: () => {},
      feed: (bytes) => {
        source = bytes
        new Uint8Array(llhttp.memory.buffer, base, bytes.length).set(bytes)
        const result = llhttp.llhttp_execute(parser, base, bytes.length)
        if (result !== 0 && result !== LLHTTP_PAUSED) throw new Error(`llhttp: error ${result}`)
      },
    }
  },
)

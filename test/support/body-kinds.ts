// Every kind of source a body may have, each with an account of what became of it: how often it was given back, how it can be made
// to fail, and what is left on it.

import { createReadStream } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { Socket } from 'node:net'
import { Duplex, PassThrough, Readable } from 'node:stream'
import { ReadableStream as WebStream } from 'node:stream/web'
import type { RequestBody } from '../../src/core/outgoing-body.ts'

/** A source under test. */
export interface BodySource {
  readonly body: RequestBody
  /** How often it was destroyed, cancelled or told to return; undefined where there is nothing to be given back. */
  readonly givenBack?: () => number
  /** Lets it fail by itself. */
  readonly fail?: (error: Error) => void
  /** Listeners and locks of ours that are left on what the caller keeps. */
  readonly left: () => number
  /** To be called when the test is over. */
  readonly release?: () => Promise<void>
}

const NOTHING_LEFT = (): number => 0

function listenersOf(emitter: NodeJS.EventEmitter): number {
  return emitter.eventNames().reduce((sum, name) => sum + emitter.listenerCount(name), 0)
}

/** A Node stream that was not read yet. */
function nodeSource(stream: Readable): BodySource {
  const before = listenersOf(stream)
  return {
    body: stream,
    givenBack: () => (stream.destroyed ? 1 : 0),
    fail: (error) => void stream.destroy(error),
    // What Node's own iterator leaves on a stream that is destroyed holds nothing but itself.
    left: () => (stream.destroyed ? 0 : listenersOf(stream) - before),
  }
}

/** A stream that has given something and never ends. */
function endless(options: object = {}): Readable {
  const stream = new Readable({ read: () => {}, ...options })
  stream.push('chunk')
  return stream
}

function webSource(type: 'bytes' | undefined): BodySource {
  let cancelled = 0
  let controller: { error(reason: unknown): void } | undefined
  const body = new WebStream({
    type: type as undefined,
    start: (given) => {
      controller = given
      given.enqueue(Uint8Array.of(1, 2, 3))
    },
    cancel: () => void cancelled++,
  })
  return {
    body: body,
    givenBack: () => cancelled,
    fail: (error) => controller!.error(error),
    left: NOTHING_LEFT,
  }
}

/** An iterator that is its own iterable. One that has nothing to wait for goes on giving for ever. */
function iteratorSource(kind: 'sync' | 'async', hasReturn = true): BodySource {
  let returned = 0
  let count = 0
  const next = (): unknown => {
    if (kind === 'sync') return { done: false, value: 'chunk' }
    return count++ < 2 ? Promise.resolve({ done: false, value: 'chunk' }) : new Promise(() => {})
  }
  const giveBack = (): unknown => {
    returned++
    return kind === 'sync' ? { done: true } : Promise.resolve({ done: true })
  }
  const iterator: object = {
    next,
    ...(hasReturn && { return: giveBack }),
    [kind === 'sync' ? Symbol.iterator : Symbol.asyncIterator]: () => iterator,
  }
  const source: BodySource = { body: iterator as RequestBody, left: NOTHING_LEFT }
  return hasReturn ? { ...source, givenBack: () => returned } : source
}

/** A generator that was begun runs its `finally`; of one that was not, `next()` says that it is over. */
function generatorSource(): BodySource {
  let ended = 0
  const body = (async function* (): AsyncGenerator<string> {
    try {
      while (true) yield await Promise.resolve('chunk')
    } finally {
      ended++
    }
  })()
  const giveBack = body.return.bind(body)
  let told = 0
  body.return = (value) => {
    told++
    return giveBack(value)
  }
  return { body, givenBack: () => Math.max(told, ended), left: NOTHING_LEFT }
}

/** An iterable that is asked for its iterator when it is sent, and not before. */
function iterableSource(): BodySource {
  let open = 0
  let returned = 0
  const body = {
    [Symbol.asyncIterator]: () => {
      open++
      return {
        next: () => new Promise<IteratorResult<string>>(() => {}),
        return: () => {
          returned++
          return Promise.resolve({ done: true as const, value: undefined })
        },
      }
    },
  }
  return { body, left: () => open - returned }
}

/** A file that stays the caller's: it is still open afterwards, and nobody listens to it. */
function handleSource(handle: FileHandle): BodySource {
  const left = (): number => listenersOf(handle as unknown as NodeJS.EventEmitter) + (handle.fd < 0 ? 1 : 0)
  return { body: handle, left, release: () => handle.close() }
}

function whole(body: RequestBody): BodySource {
  return { body, left: NOTHING_LEFT }
}

function makeForm(): FormData {
  const form = new FormData()
  form.set('text', 'value')
  form.set('file', new Blob(['x'.repeat(100_000)]), 'name')
  return form
}

function factoryOf(source: BodySource): BodySource {
  return { ...source, body: () => source.body as Readable }
}

/** What makes a source, from the path of a file of some 300 kB. */
export type Make = (file: string) => BodySource | Promise<BodySource>

/** Sources that have an end: they may have been sent whole before anything happens to them. */
export const WHOLE_BODIES: Readonly<Record<string, Make>> = {
  bytes: () => whole(Buffer.from('abc')),
  'many bytes': () => whole(new Uint8Array(600_000)),
  'a string': () => whole('abc'),
  'an array of chunks': () => whole(['a', Buffer.from('b'), 'x'.repeat(70_000)]),
  'a Blob': () => whole(new Blob(['x'.repeat(100_000)])),
  'a FormData': () => whole(makeForm()),
  URLSearchParams: () => whole(new URLSearchParams({ a: 'b' })),
  'a file handle': async (file) => handleSource(await open(file)),
  'a file stream': (file) => nodeSource(createReadStream(file)),
  'a file stream of no file': () => nodeSource(createReadStream('/no/such/file')),
  'a factory of bytes': () => factoryOf(whole('abc')),
}

/** Sources without an end that may fail by themselves. */
export const FAILING_BODIES: Readonly<Record<string, Make>> = {
  'a Readable': () => nodeSource(endless()),
  'a Readable in object mode': () => nodeSource(endless({ objectMode: true })),
  'a Readable with an encoding': () => nodeSource(endless().setEncoding('utf8')),
  'a Readable without autoDestroy': () => nodeSource(endless({ autoDestroy: false })),
  'a PassThrough': () => nodeSource(new PassThrough({ highWaterMark: 1 })),
  'a Duplex': () => nodeSource(new Duplex({ read: () => {}, write: (_chunk, _encoding, done) => done() })),
  'a Socket': () => nodeSource(new Socket()),
  'a web stream': () => webSource(undefined),
  'a web stream of bytes': () => webSource('bytes'),
  'a factory of a Readable': () => factoryOf(nodeSource(endless())),
  'a factory of a web stream': () => factoryOf(webSource(undefined)),
}

/** Sources without an end that cannot fail, but in the moment when they are asked. */
export const ENDLESS_BODIES: Readonly<Record<string, Make>> = {
  // Node destroys it when the generator goes on, and not before.
  'a Readable of a generator': () =>
    nodeSource(Readable.from(generatorSource().body as AsyncIterable<string>)),
  'an async iterator': () => iteratorSource('async'),
  'a sync iterator': () => iteratorSource('sync'),
  'an iterator without return': () => iteratorSource('async', false),
  'an async generator': generatorSource,
  'an iterable': iterableSource,
  'a factory of an iterator': () => factoryOf(iteratorSource('async')),
}

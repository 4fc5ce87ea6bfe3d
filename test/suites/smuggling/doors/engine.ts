// The doors of `httplib-ts/h1`: what the engine is told to send, event by event.

import { type FieldLine, H1Engine, type WireBytes } from '../../../../src/h1/index.ts'
import type { Parts } from '../attempt.ts'
import { type Door, type Expected, expectRequest, type Visit, versionsOf } from '../door.ts'
import { type BodyRecipe, fieldMeanings, make, makeBody, makeFields, meanings } from '../recipes.ts'
import { asSocketSends, type Recorder, type Stage } from '../stage.ts'

/** A client engine whose bytes go straight to the server of the stage. */
class Wire {
  readonly engine = new H1Engine('client')
  readonly #recorder: Recorder

  constructor(stage: Stage) {
    this.#recorder = stage.open()
  }

  send(...events: Parameters<H1Engine['send']>): void {
    this.#write(this.engine.send(...events))
  }

  /** Reads what was answered. */
  finish(): void {
    while (true) {
      const event = this.engine.nextEvent()
      if (event.type === 'end') return
      if (event.type === 'need-data') throw new Error('the server waits for more')
    }
  }

  /** What went wrong in the middle of a message costs the stream. */
  close(): void {
    this.#recorder.isClosed = true
  }

  #write(parts: WireBytes): void {
    for (const part of parts) {
      for (const answer of this.#recorder.feed(asSocketSends(part))) this.engine.receive(answer)
    }
  }
}

/** The pieces of a body as they are handed to the engine. */
function piecesOf(recipe: BodyRecipe): Uint8Array[] {
  const body = makeBody(recipe)
  if (body === undefined) return []
  return (Array.isArray(body) ? body : [body]) as Uint8Array[]
}

export const ENGINE_DOORS: readonly Door[] = [
  {
    name: 'H1Engine send',
    slots: ['method', 'target', 'fields', 'body', 'version'],
    escapes: ['no-host'],
    takes: { containers: ['pairs'], bodies: ['none', 'text', 'bytes', 'pieces'] },
    expects: (parts) => [expectRequest(parts, plain(parts))],
    open(parts, stage) {
      const wire = new Wire(stage)
      const fields = makeFields(parts.fields) as FieldLine[]
      const [method, target, version] = [parts.method, parts.target, parts.version].map(make)
      const pieces = piecesOf(parts.body)
      return visit(wire, () => {
        wire.send({
          type: 'request',
          method: method as string,
          target: target as string,
          version: version as 11,
          fields,
        })
        for (const bytes of pieces) wire.send({ type: 'data', bytes })
        wire.send({ type: 'end' })
      })
    },
  },
  {
    name: 'H1Engine send, chunked with trailers',
    slots: ['method', 'target', 'fields', 'body', 'trailers'],
    escapes: ['no-host'],
    takes: { containers: ['pairs'], bodies: ['none', 'text', 'bytes', 'pieces'] },
    expects: (parts) => [expectRequest(parts, { ...plain(parts), trailers: fieldMeanings(parts.trailers) })],
    open(parts, stage) {
      const wire = new Wire(stage)
      const given = makeFields(parts.fields) as FieldLine[]
      const framing: FieldLine[] = [
        ['Host', 'example.test'],
        ['Transfer-Encoding', 'chunked'],
      ]
      const [method, target] = [parts.method, parts.target].map(make)
      const trailers = makeFields(parts.trailers) as FieldLine[]
      const pieces = piecesOf(parts.body)
      return visit(wire, () => {
        const fields = Symbol.iterator in given ? [...framing, ...given] : given
        wire.send({ type: 'request', method: method as string, target: target as string, fields })
        for (const bytes of pieces) wire.send({ type: 'data', bytes })
        wire.send({ type: 'end', trailers })
      })
    },
  },
]

/** The engine adds nothing; an empty target is none. */
function plain(parts: Parts): Partial<Expected> {
  const framing = new Map<string, (value: string) => boolean>([
    ['host', (value: string) => value === 'example.test'],
    ['transfer-encoding', (value: string) => value === 'chunked'],
  ])
  return {
    targets: meanings(parts.target),
    additions: framing,
    versions: versionsOf(parts.version),
  }
}

function visit(wire: Wire, send: () => void): Visit {
  return {
    // oxlint-disable-next-line typescript/require-await -- what it throws is to be a rejection
    async send() {
      try {
        send()
        wire.finish()
      } catch (error) {
        if (!wire.engine.canSendRequest) wire.close()
        throw error
      }
    },
    // oxlint-disable-next-line typescript/require-await -- as above
    async probe() {
      // An engine serves one connection: where that is at its end, so is the engine.
      if (!wire.engine.canSendRequest) return
      wire.send({ type: 'request', method: 'GET', target: '/probe', fields: [['Host', 'example.test']] })
      wire.send({ type: 'end' })
      wire.finish()
    },
  }
}

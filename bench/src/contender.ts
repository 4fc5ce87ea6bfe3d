/** What a contender is: a client used the way its own documentation recommends for speed, all with one small interface. */

import { readFileSync } from 'node:fs'
import path from 'node:path'
import type { Workload } from './workloads.ts'

/** Where the server of a workload is, and what is known about it beforehand. */
export interface Target {
  readonly host: string
  readonly port: number
  /** PEM of the authority that signed the server's certificate. */
  readonly ca: string
  /** Head and body of each response together: all that the socket ceiling knows about HTTP. */
  readonly responseBytes: number
}

/** Says whether one more request is to be made; called before each, so that it can also tell the time. */
export type Take = () => boolean

/** A contender at work on one workload. */
export interface Session {
  /** How many loops run side by side. */
  readonly lanes: number
  /** Makes requests while `take` says so, each read to its end; answers how many bytes or characters of bodies came. */
  lane(index: number, take: Take): Promise<number>
  close(): Promise<void> | void
}

export interface Contender {
  version(): Promise<string> | string
  open(workload: Workload, target: Target): Promise<Session> | Session
}

/** The version of the library itself. */
export function ownVersion(): string {
  const file = path.resolve(import.meta.dirname, '../../package.json')
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}

/** How many lanes a client with a pool runs for a workload: as many as there are requests in flight. */
export function inFlight({ connections, depth, lanes }: Workload): number {
  return lanes ?? connections * depth
}

/** A session of a client whose requests are functions: each lane calls one after the other. */
export function callingSession(
  lanes: number,
  request: () => Promise<number>,
  close: () => Promise<void> | void,
): Session {
  return {
    lanes,
    close,
    async lane(_, take) {
      let received = 0
      while (take()) received += await request()
      return received
    },
  }
}

/** The fixed body of a POST, or undefined. */
export function fixedBody({ request }: Workload): Buffer | undefined {
  return request.bodyBytes > 0 && request.streamed !== true ? Buffer.alloc(request.bodyBytes, 'x') : undefined
}

/** The form of a POST of one: made again for each, as an application does. */
export function newForm<F extends { append(name: string, value: string): void } = FormData>(
  // undici from npm has a class of its own, which the declarations of Node do not take for theirs.
  Form: new () => F = FormData as unknown as new () => F,
): F {
  const form = new Form()
  form.append('name', 'Ada Lovelace')
  form.append('comment', 'Note G, in which a sequence of Bernoulli numbers is computed. '.repeat(4))
  return form
}

/** What the body of a workload tells of its own length where it is read as JSON. */
export function toldLength(value: unknown): number {
  return (value as { readonly bytes: number }).bytes
}

const PIECE = Buffer.alloc(65_536, 'x')

/** The body of an upload, of no known length: pieces of 64 KiB. */
export async function* pieces(totalBytes: number): AsyncGenerator<Buffer, void, undefined> {
  for (let left = totalBytes; left > 0; left -= PIECE.length) {
    yield left >= PIECE.length ? PIECE : PIECE.subarray(0, left)
  }
}

/** Counts the bytes of a body that is taken piece by piece. */
export async function countPieces(body: AsyncIterable<Uint8Array>): Promise<number> {
  let received = 0
  for await (const piece of body) received += piece.length
  return received
}

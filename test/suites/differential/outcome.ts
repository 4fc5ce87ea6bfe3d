// What a client made of a case, in the form in which clients are compared.

import type { Case } from './cases.ts'

/**
 * `complete`: a whole response was delivered. `refused`: one of the client's own errors was raised instead, whichever.
 * `crashed`: an error that is none of its own. `waits`: the client asks for more where the engine has the whole message.
 */
export type Verdict = 'complete' | 'refused' | 'crashed' | 'waits'

export type Field = readonly [name: string, value: string]

/** What is undefined the client does not show. Text is latin1: a character for a byte. */
export interface Outcome {
  readonly verdict: Verdict
  /** The client's own name for what went wrong. */
  readonly error?: string | undefined
  readonly version?: 10 | 11 | undefined
  readonly status?: number | undefined
  readonly reason?: string | undefined
  /** The field lines in order. */
  readonly fields?: readonly Field[] | undefined
  /** Instead of `fields`: the values under each name in lower case. */
  readonly grouped?: Readonly<Record<string, readonly string[]>> | undefined
  readonly body?: Buffer | undefined
  readonly trailers?: readonly Field[] | undefined
  /** The status codes of informational responses. */
  readonly informational?: readonly number[] | undefined
  /** How the second request went, where the server had kept the connection open. */
  readonly second?: SecondRequest | undefined
}

/** The second request was answered on the connection of the first, on another, or with something the server never sent to it. */
export type SecondRequest = 'same connection' | 'new connection' | 'wrong answer' | 'failed'

/** What a client says by itself; `secondIsRight` is about the answer to the second request, undefined where none was made. */
export type Report = Omit<Outcome, 'second'> & { readonly secondIsRight?: boolean | undefined }

/** A client that can be asked for many cases. */
export interface Client {
  readonly name: string
  readonly version: string
  /** Asks `origin` for each case, by number; resolves when all are answered. */
  run(cases: readonly Case[], port: number): Promise<readonly Report[]>
}

/** The paths of the requests of a case. */
export const firstPath = (number: number): string => `/${number}`
export const secondPath = (number: number): string => `/${number}/again`

/** What the server answers to every second request. */
export const SECOND_BODY = 'again'

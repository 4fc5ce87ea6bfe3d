// The other door of the client: a request by `fetch`, and every way of reading its answer. What fails has to be one of the two
// errors that libraries compare, with ours as its cause, or the reason of an abort, untouched; the judge is told of the cause.

import type { Client } from '../../../src/client/client.ts'
import { HTTPException } from '../../../src/errors/index.ts'
import { createFetch } from '../../../src/fetch/fetch.ts'
import type { FetchInit, FetchResponse } from '../../../src/fetch/types.ts'
import type { Outcome } from '../simulation/calls.ts'
import type { Choices } from '../simulation/choices.ts'
import type { World } from '../simulation/world.ts'
import { type Ask, Reading } from './ask.ts'
import type { MadeAsk } from './asks.ts'
import type { Told, Verdicts } from './verdicts.ts'

/** What the door stands on. */
export interface DoorStage {
  readonly world: World
  readonly verdicts: Verdicts
  /** All that is chosen here. */
  readonly choices: Choices
  readonly call: <T>(
    name: string,
    ask: Ask,
    reading: Reading | undefined,
    act: () => PromiseLike<T>,
  ) => Promise<Outcome<T>>
  /** Keeps an answer unread until the end; undefined where others would wait for it. */
  readonly hold: ((ask: Ask, giveUp: () => void) => void) | undefined
}

const WHOLE = ['text', 'json', 'bytes', 'arrayBuffer', 'blob'] as const
const WAYS = [
  ...WHOLE,
  'stream',
  'byob',
  'half a stream',
  'cancel',
  'clone',
  'clone, one given up',
  'held',
] as const
const CLONED = ['stream', 'text', 'bytes'] as const
const NOT_JSON = Symbol('not JSON')

/** Whether `fetch` can say what the request says. */
export function isForFetch({ url, options }: MadeAsk): boolean {
  const { timeout, retry, redirect, throwOnError, expectContinue, auth, hooks, body } = options
  const says = [timeout, retry, redirect, throwOnError, expectContinue, auth, hooks].some(
    (one) => one !== undefined,
  )
  // A function and a list would be made a text, and userinfo is refused.
  return !says && !url.includes('@') && typeof body !== 'function' && !Array.isArray(body)
}

/** Makes the request, and reads its answer to the end or as far as is chosen. */
export async function askByFetch(stage: DoorStage, client: Client, made: MadeAsk): Promise<void> {
  const { ask, url } = made
  const fetch = createFetch(client)
  ask.isByFetch = true
  const outcome = await stage.call('fetch', ask, undefined, () =>
    told(ask, 'fetch failed', fetch(url, initOf(made))),
  )
  if (outcome.ok) await use(stage, ask, outcome.value)
}

function initOf({ options }: MadeAsk): FetchInit {
  const { method, headers, body, json, form, signal } = options
  const init: FetchInit = { method: method!, ...(signal === undefined ? {} : { signal }) }
  const fields = new Headers(headers as Record<string, string>)
  if (json !== undefined) fields.set('content-type', 'application/json')
  init.headers = fields
  if (json !== undefined) init.body = JSON.stringify(json)
  else if (form !== undefined) init.body = new URLSearchParams(`id=${(form as { id: number }).id}`)
  else if (body !== undefined && body !== null) {
    init.body = body as NonNullable<FetchInit['body']>
    init.duplex = 'half'
  }
  return init
}

async function use(stage: DoorStage, ask: Ask, response: FetchResponse): Promise<void> {
  const { verdicts, world, choices } = stage
  const giveUp = (): void => {
    ask.isDisturbed = true
    // One that broke off meanwhile says so here, too.
    response.body?.cancel().catch(() => {})
  }
  const reading = verdicts.response(ask, toldBy(response))
  if (world.violation !== undefined) return
  if (reading === undefined) return giveUp()
  if (choices.chance(15)) await world.sleep(choices.oneOf([1, 100, 5_000]))
  const way = choices.oneOf(WAYS)
  if (response.body === null) return readNothing(stage, reading, response)
  switch (way) {
    case 'held':
      ask.isDisturbed = true
      if (stage.hold === undefined) giveUp()
      else stage.hold(ask, giveUp)
      return
    case 'cancel':
      ask.isDisturbed = true
      await stage.call('cancel', ask, reading, () => toldOfBody(ask, response.body!.cancel()))
      return
    case 'clone':
    case 'clone, one given up': {
      const copy = response.clone()
      const other = verdicts.response(ask, toldBy(copy)) ?? new Reading(reading.hearing)
      const readCopy = (): Promise<void> => readBy(stage, other, copy, choices.oneOf(CLONED))
      if (way === 'clone')
        await Promise.all([readBy(stage, reading, response, choices.oneOf(CLONED)), readCopy()])
      else {
        const given = stage.call('cancel', ask, reading, () => toldOfBody(ask, response.body!.cancel()))
        // The promise of a branch settles with the last of them.
        await readCopy()
        await given
      }
      return
    }
    default:
      await readBy(stage, reading, response, way)
  }
  // The trailers are known once the body has ended, or are not to be had.
  if (choices.chance(20))
    await stage.call('trailers', ask, reading, () => toldOfBody(ask, response.trailers!))
}

async function readNothing(stage: DoorStage, reading: Reading, response: FetchResponse): Promise<void> {
  const { verdicts, world } = stage
  const outcome = await stage.call('text', reading.ask, reading, () =>
    toldOfBody(reading.ask, response.text()),
  )
  if (!outcome.ok) return
  if (outcome.value !== '') world.violate('text of no body', `${outcome.value.length} characters`)
  if (reading.plan.body.length === 0 || reading.hearing.method === 'HEAD') return
  // The statuses that have none: whatever the server meant to send with it is nobody's.
  if (!NULL_BODY.has(response.status)) verdicts.completed(reading)
}

const NULL_BODY: ReadonlySet<number> = new Set([204, 205, 304])

type Way = Exclude<(typeof WAYS)[number], 'held' | 'cancel' | 'clone' | 'clone, one given up'>

async function readBy(stage: DoorStage, reading: Reading, response: FetchResponse, way: Way): Promise<void> {
  switch (way) {
    case 'stream':
      return readStream(stage, reading, response, Infinity)
    case 'half a stream':
      return readStream(stage, reading, response, stage.choices.pick(4))
    case 'byob':
      return readByob(stage, reading, response)
    default:
      return readWhole(stage, reading, response, way)
  }
}

async function readWhole(
  { call, verdicts }: DoorStage,
  reading: Reading,
  response: FetchResponse,
  way: (typeof WHOLE)[number],
): Promise<void> {
  const act = async (): Promise<unknown> => {
    switch (way) {
      case 'json':
        return response.json().catch((error: unknown) => {
          if (error instanceof SyntaxError) return NOT_JSON
          throw error
        })
      case 'bytes':
        return (response as { bytes?(): Promise<Uint8Array> }).bytes!()
      case 'blob':
        return (await response.blob()).arrayBuffer()
      default:
        return response[way]()
    }
  }
  const outcome = await call(way, reading.ask, reading, () => toldOfBody(reading.ask, act()))
  if (!outcome.ok) return
  const { value } = outcome
  if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) {
    verdicts.taken(reading, Buffer.from(value as ArrayBuffer))
  } else {
    const expected = cameOf(reading)
    const isRight = way === 'json' || value === expected.toString('utf8').replace(/^\uFEFF/, '')
    verdicts.taken(reading, isRight ? expected : Buffer.from(String(value)))
  }
  verdicts.completed(reading)
}

/** What came of a body: all of it, unless the end of the connection is its end. */
function cameOf({ plan, link, answer }: Reading): Buffer {
  if (plan.framing !== 'close') return plan.body
  return plan.body.subarray(0, Math.max(0, (link.heardEnd ?? Infinity) - (answer?.headEnd ?? 0)))
}

async function readStream(
  { call, verdicts, world, choices }: DoorStage,
  reading: Reading,
  response: FetchResponse,
  cancelsAfter: number,
): Promise<void> {
  const { ask } = reading
  const reader = response.body!.getReader()
  const isSlow = choices.chance(15)
  for (let count = 0; count < cancelsAfter; count++) {
    const outcome = await call('stream read', ask, reading, () => toldOfBody(ask, reader.read()))
    if (!outcome.ok || world.violation !== undefined) return
    if (outcome.value.done) return verdicts.completed(reading)
    verdicts.taken(reading, outcome.value.value)
    if (isSlow) await world.sleep(10)
  }
  ask.isDisturbed = true
  await call('stream cancel', ask, reading, () => toldOfBody(ask, reader.cancel()))
}

async function readByob(
  { call, verdicts, world, choices }: DoorStage,
  reading: Reading,
  response: FetchResponse,
): Promise<void> {
  const reader = response.body!.getReader({ mode: 'byob' })
  const size = choices.oneOf([1_000, 1, 64, 65_536])
  while (world.violation === undefined) {
    const outcome = await call('byob read', reading.ask, reading, () =>
      toldOfBody(reading.ask, reader.read(new Uint8Array(size))),
    )
    if (!outcome.ok) return
    if (outcome.value.done) return verdicts.completed(reading)
    verdicts.taken(reading, outcome.value.value)
  }
}

function toldBy(response: FetchResponse): Told {
  const { status, statusText, url, redirected, headers } = response
  return {
    id: headers.get('x-id'),
    status,
    reason: statusText,
    url,
    isRedirected: redirected,
    redirects: undefined,
    attempts: undefined,
  }
}

const toldOfBody = <T>(ask: Ask, work: Promise<T>): Promise<T> => told(ask, 'terminated', work)

/** What the work gives; what it fails with is the cause of the error that libraries compare. */
async function told<T>({ own }: Ask, message: string, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    // The reason of an abort is told as it is, also where it is one of those.
    if (HTTPException.isHTTPException(error) && !(own?.aborted === true && error === own.reason))
      throw new Error(`an error of ours is told as it is: ${error.code}`, { cause: error })
    if (!(error instanceof TypeError)) throw error
    if (error.message !== message)
      throw new Error(`"${error.message}" instead of "${message}"`, { cause: error })
    if (own?.aborted === true && error.cause === own.reason)
      throw new Error('the reason of an abort is told as a cause', { cause: error })
    throw error.cause
  }
}

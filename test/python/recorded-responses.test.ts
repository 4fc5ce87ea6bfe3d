// Plays sessions that were played on Python's http.client: the bytes of a server, then calls of the response. What can be seen
// after the head and after every call has to be what Python showed, once with all bytes at once and once byte by byte.
// `recorded-responses.json` is written by `scripts/record-python-responses.py`. Where we differ on purpose there is a row with the
// reason in `reading-deviations.ts`; one that excuses nothing any more fails.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { describe, it } from 'node:test'
import * as httplib from '../../src/python/index.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { repositoryPath } from '../support/repository.ts'
import { READING_DEVIATIONS } from './reading-deviations.ts'

checkOpenHandles()

type Call = readonly [name: string, ...values: readonly number[]]
/** `length`, `isclosed()` and `closed`. */
type Seen = readonly [length: number | null, isclosed: boolean, closed: boolean]

interface Step {
  readonly gives?: unknown
  readonly raises?: string
  readonly partial?: string
  readonly seen: Seen
}

/** A session as it was recorded; `head` only where it is about the head. */
export interface Session {
  readonly title: string
  readonly method: string
  readonly reply: string
  readonly calls: readonly Call[]
  readonly raises?: string
  readonly head?: Readonly<Record<string, unknown>>
  readonly begun?: Seen
  readonly steps?: readonly Step[]
}

interface Recording {
  readonly python: string
  readonly names: readonly string[]
  readonly sessions: readonly Session[]
}

const recording = JSON.parse(
  readFileSync(repositoryPath('test', 'python', 'recorded-responses.json'), 'utf8'),
) as Recording

/** The reply as a stream: whole, or byte by byte. */
function streamOf({ reply }: Session, isCut: boolean): Readable {
  const bytes = Buffer.from(reply, 'latin1')
  return Readable.from(isCut ? Array.from(bytes, (byte) => Buffer.of(byte)) : [bytes])
}

function shown(value: unknown): unknown {
  if (Buffer.isBuffer(value)) return value.toString('latin1')
  return Array.isArray(value) ? value.map(shown) : value
}

function described(response: httplib.HTTPResponse): Record<string, unknown> {
  const { headers } = response
  const { names } = recording
  return {
    status: response.status,
    code: response.getcode(),
    reason: response.reason,
    version: response.version,
    chunked: response.chunked,
    will_close: response.will_close,
    getheaders: response.getheaders(),
    items: headers.items(),
    keys: headers.keys(),
    values: headers.values(),
    len: headers.length,
    get_content_type: headers.get_content_type(),
    get_content_maintype: headers.get_content_maintype(),
    get_content_subtype: headers.get_content_subtype(),
    get_content_charset: headers.get_content_charset(),
    get_content_disposition: headers.get_content_disposition(),
    get_filename: headers.get_filename(),
    get_boundary: headers.get_boundary(),
    get_params: headers.get_params(),
    'get_params, quoted': headers.get_params(null, 'content-disposition', false),
    get_param: headers.get_param('Charset'),
    'get_param, missing': headers.get_param('missing', 'none'),
    as_string: headers.as_string(),
    is_multipart: headers.is_multipart(),
    getheader: names.map((name) => response.getheader(name)),
    'getheader, default': names.map((name) => response.getheader(name, 'default')),
    'getheader, list': names.map((name) => response.getheader(name, ['a', 'b'])),
    get: names.map((name) => headers.get(name)),
    get_all: names.map((name) => headers.get_all(name)),
    'info is headers': response.info() === headers,
  }
}

function seenOf(response: httplib.HTTPResponse): Seen {
  return [response.length, response.isclosed(), response.closed]
}

async function play(response: httplib.HTTPResponse, [name, ...values]: Call): Promise<unknown> {
  if (name === 'readinto') {
    const memory = Buffer.alloc(values[0]!)
    const count = await response.readinto(memory)
    return [count, memory.subarray(0, count)]
  }
  if (name === 'iterate') {
    const lines: Buffer[] = []
    for await (const line of response) lines.push(line)
    return lines
  }
  const method = Reflect.get(response, name) as (...given: readonly number[]) => unknown
  // A method without a value gives None.
  return (await Reflect.apply(method, response, values)) ?? null
}

/** The names of the classes that `except` could name. */
function namesOf(error: unknown): string[] {
  return Object.entries(httplib)
    .filter(([, value]) => typeof value === 'function' && error instanceof (value as unknown as typeof Error))
    .map(([name]) => name)
}

/** A place where a session differs: what is looked at, what Python had, what we have. */
export interface Difference {
  readonly at: string
  readonly theirs: unknown
  readonly ours: unknown
}

function compare(at: string, theirs: unknown, ours: unknown, found: Difference[]): void {
  if (JSON.stringify(theirs) !== JSON.stringify(ours)) found.push({ at, theirs, ours })
}

async function differences(session: Session, isCut: boolean): Promise<Difference[]> {
  const found: Difference[] = []
  const response = new httplib.HTTPResponse(streamOf(session, isCut), 0, session.method)
  try {
    await response.begin()
  } catch (error) {
    assert.ok(httplib.HTTPException.isHTTPException(error))
    if (session.raises === undefined || !namesOf(error).includes(session.raises)) {
      found.push({ at: 'begin', theirs: session.raises ?? 'a response', ours: error.name })
    }
    return found
  }
  if (session.raises !== undefined) {
    response.close()
    return [{ at: 'begin', theirs: session.raises, ours: 'a response' }]
  }
  if (session.head !== undefined) {
    const ours = described(response)
    for (const [name, theirs] of Object.entries(session.head)) compare(name, theirs, ours[name], found)
  }
  compare('begun', session.begun, seenOf(response), found)
  for (const [index, step] of session.steps!.entries()) {
    const call = session.calls[index]!
    const at = `${index} ${call[0]}`
    let gives: unknown
    let error: unknown
    try {
      gives = shown(await play(response, call))
    } catch (raised) {
      error = raised
    }
    if (error !== undefined || step.raises !== undefined) {
      if (step.raises === undefined || error === undefined || !namesOf(error).includes(step.raises)) {
        const name = error === undefined ? gives : (error as Error).name
        found.push({ at, theirs: step.raises ?? step.gives, ours: name })
      }
      if (error instanceof httplib.IncompleteRead && step.partial !== undefined)
        compare(`${at}.partial`, step.partial, shown(error.partial), found)
      if (call[0] !== 'fileno') break
    } else compare(at, step.gives, gives, found)
    compare(`${at}, seen`, step.seen, seenOf(response), found)
    if (found.length > 0) break
  }
  response.close()
  return found
}

/** What a call gives when bytes come one by one is another thing where it gives what is there. */
const TAKES_WHAT_IS_THERE = new Set(['read1', 'peek'])

describe(`responses as Python ${recording.python} reads them`, () => {
  const used = new Set<string>()

  it('are at least 700', () => assert.ok(recording.sessions.length >= 700))

  for (const isCut of [false, true]) {
    const way = isCut ? 'byte by byte' : 'all at once'
    for (const [index, session] of recording.sessions.entries()) {
      if (isCut && session.calls.some(([name]) => TAKES_WHAT_IS_THERE.has(name))) continue
      it(`${index}: ${session.title}, ${JSON.stringify(session.calls)}, ${way}`, async () => {
        for (const difference of await differences(session, isCut)) {
          const row = READING_DEVIATIONS.find(({ when }) => when(session, difference))
          assert.ok(row !== undefined, `${JSON.stringify(session.reply)}: ${JSON.stringify(difference)}`)
          used.add(row.name)
        }
      })
    }
  }

  it('differ only where a row says so, and every row still says something', () => {
    assert.deepEqual(
      READING_DEVIATIONS.map(({ name }) => name).filter((name) => !used.has(name)),
      [],
    )
  })
})

// Checks what an engine read: order of events, fields, limits, tolerances, and whether the second reader, who knows nothing of
// the engine, sees the same messages end at the same places.

import {
  type ReceivedInformational,
  type ReceivedRequest,
  type ReceivedResponse,
  RemoteProtocolError,
} from '../../../src/h1/index.ts'
import { joinPieces, type Script, type WireRun } from '../../support/wire-run.ts'
import type { FuzzInput } from './input.ts'
import { type Leave, type NaiveMessage, readRequests, readResponses } from './naive-reader.ts'
import { Broken, limitOf } from './violation.ts'

type Head = ReceivedRequest | ReceivedInformational | ReceivedResponse

/** A message as the engine gave it. */
interface ReadMessage {
  readonly head: Head
  body: string
  hasEnded: boolean
  trailers: ReceivedRequest['fields']
}

/** Holds what was read of the whole input against the rules that every message obeys, and against the second reader. */
export function checkWhole(input: FuzzInput, run: WireRun): void {
  const { failure } = run
  if (failure !== undefined && !(failure instanceof RemoteProtocolError))
    throw new Broken('error of another kind', `${failure.name}: ${failure.message}`)
  const messages = gather(run)
  for (const { head, trailers } of messages) {
    checkFields(input, head, 'head')
    checkFields(input, { ...head, fields: trailers }, 'trailers')
    for (const defect of head.defects) {
      const tolerance = TOLERANCE_OF[defect]
      if (tolerance !== undefined && !(input.tolerances as readonly string[]).includes(tolerance))
        throw new Broken('tolerated without leave', defect)
    }
  }
  checkNumbers(input.script, messages)
  checkShown(failure)
  checkAgainstNaive(input, run, messages)
}

/** The defects that only a tolerance may let through. */
const TOLERANCE_OF: Readonly<Partial<Record<Head['defects'][number], string>>> = {
  'bare-lf': 'bareLf',
  'control-in-value': 'controlInValue',
  'space-before-colon': 'spaceBeforeColon',
  'skipped-field': 'skipBadFields',
  'chunk-size-padding': 'chunkSizePadding',
  http09: 'http09',
}

function gather(run: WireRun): ReadMessage[] {
  const messages: ReadMessage[] = []
  let open: ReadMessage | undefined
  const needOpen = (): ReadMessage => {
    if (open === undefined || open.hasEnded) throw new Broken('order of events', run.log.join('\n'))
    return open
  }
  for (const event of run.seen) {
    switch (event.type) {
      case 'request':
      case 'informational':
      case 'response':
        if (open !== undefined && !open.hasEnded) throw new Broken('order of events', run.log.join('\n'))
        messages.push({ head: event, body: '', hasEnded: false, trailers: [] })
        open = event.type === 'informational' ? undefined : messages.at(-1)
        break
      case 'data':
        needOpen().body += joinPieces(event).toString('latin1')
        break
      case 'end': {
        const message = needOpen()
        message.hasEnded = true
        message.trailers = event.trailers
        break
      }
      default:
    }
  }
  return messages
}

const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

/** Fields are what the grammar allows, and within the limits that were set. */
function checkFields({ script, tolerances }: FuzzInput, head: Head, part: 'head' | 'trailers'): void {
  const { fields, defects } = head
  const bad = tolerances.includes('controlInValue') ? /[\r\n\0]/ : /[^\t\x20-\x7e\x80-\xff]/
  let bytes = 0
  for (const [name, value] of fields) {
    if (!NAME.test(name) || bad.test(value) || /^[ \t]|[ \t]$/.test(value))
      throw new Broken('malformed field', JSON.stringify([name, value]))
    bytes += name.length + value.length + 1
    if (!defects.includes('folded-field') && name.length + value.length + 1 > limitOf(script, 'maxLineBytes'))
      throw new Broken('limit passed', `maxLineBytes: ${name}`)
  }
  if (fields.length > limitOf(script, 'maxFields'))
    throw new Broken('limit passed', `maxFields: ${fields.length}`)
  if (bytes > limitOf(script, part === 'head' ? 'maxHeadBytes' : 'maxTrailerBytes'))
    throw new Broken('limit passed', `the ${part} has ${bytes} bytes in fields`)
}

/** No response without a request, and no more informational ones than allowed. */
function checkNumbers(script: Script, messages: readonly ReadMessage[]): void {
  let informational = 0
  const finals: ReceivedResponse[] = []
  for (const { head } of messages) {
    if (head.type === 'response') {
      finals.push(head)
      checkPersists(head)
    }
    informational = head.type === 'informational' ? informational + 1 : 0
    if (informational > limitOf(script, 'maxInformational'))
      throw new Broken('limit passed', `${informational} informational responses`)
  }
  if (script.role === 'client' && finals.length > script.requests.length)
    throw new Broken('response without a request', `${finals.length} for ${script.requests.length}`)
  checkEnds(script, finals)
}

/** Behind a response that ends the connection comes none; and none in HTTP/0.9 opens a tunnel. */
function checkEnds(script: Script, finals: readonly ReceivedResponse[]): void {
  for (const [index, { version, persists }] of finals.entries()) {
    if (!persists && index < finals.length - 1) throw new Broken('response behind the last', String(index))
    if (version === 9 && script.requests[index]?.method === 'CONNECT')
      throw new Broken('HTTP/0.9 opened a tunnel', String(index))
  }
}

/** What persists is what the fields and the framing say, read a second time and simply (RFC 9112 §9.3, §6.3). */
function checkPersists({ version, framing, fields, persists, defects }: ReceivedResponse): void {
  if (!persists) return
  const options = fields
    .filter(([name]) => name.toLowerCase() === 'connection')
    .flatMap(([, value]) => value.toLowerCase().split(/[\t ]*,[\t ]*/))
  const isLast =
    options.includes('close') ||
    framing.kind === 'until-close' ||
    framing.kind === 'switch' ||
    version === 9 ||
    (version === 10 && !options.includes('keep-alive')) ||
    defects.includes('content-length-with-transfer-encoding')
  if (isLast) throw new Broken('persists where it must not', JSON.stringify([version, framing, fields]))
}

/** No error shows a cookie, although it may show the line that it stands in. */
function checkShown(failure: RemoteProtocolError | undefined): void {
  const shown = failure?.bytes ?? ''
  if (/^set-cookie:.*hunter2/i.test(shown)) throw new Broken('secret shown', shown)
}

// ------------------------------------------------------------------------------------------- the second reader

function checkAgainstNaive(
  { script, tolerances }: FuzzInput,
  run: WireRun,
  messages: readonly ReadMessage[],
): void {
  const text = script.input.toString('latin1')
  const leave = {
    chunkSizePadding: tolerances.includes('chunkSizePadding'),
    identityWithLength: tolerances.includes('identityWithLength'),
  }
  const naive = readSimply(script, text, leave)
  const strict = leave.chunkSizePadding
    ? readSimply(script, text, { ...leave, chunkSizePadding: false })
    : naive
  for (const [index, { end }] of strict.entries()) {
    const message = messages[index]
    if (end === 'complete' || message?.hasEnded !== true) break
    if (end !== naive[index]?.end && !message.head.defects.includes('chunk-size-padding'))
      throw new Broken('let through in silence', run.log.join('\n'))
  }
  // What has to wait is not read on; all else that a plain reader sees has to be there.
  const mayLack = run.failure !== undefined || run.last === 'paused'
  for (const [index, expected] of naive.entries()) {
    const message = messages[index]
    checkRefusal(run, expected, message?.hasEnded === true || expected.isInformational)
    if (message === undefined) {
      if (mayLack) return
      throw new Broken('message lost', `${expected.start}, read as\n${run.log.join('\n')}`)
    }
    if (!isSameHead(message.head, expected)) throw differs(expected, run)
    if (expected.refusal !== undefined) throw new Broken('accepted what is to be refused', expected.refusal)
    if (expected.isInformational) continue
    if (expected.end === 'unsure') return
    if (message.hasEnded) {
      const { body, trailers } = message
      if (expected.end === 'broken') throw new Broken('message ended where it does not', run.log.join('\n'))
      if (expected.extensionBytes > limitOf(script, 'maxChunkExtensionBytes'))
        throw new Broken('limit passed', `${expected.extensionBytes} bytes of chunk extensions`)
      if (body !== expected.body || !isSame(trailers, expected.trailers)) throw differs(expected, run)
    } else if (expected.end === 'complete' && !mayLack) {
      throw new Broken('end of message lost', run.log.join('\n'))
    }
    if (expected.end === 'broken') return
  }
}

function readSimply({ role, requests, eof }: Script, text: string, leave: Leave): NaiveMessage[] {
  const methods = requests.map(({ method }) => method)
  return role === 'server' ? readRequests(text, leave) : readResponses(text, methods, eof, leave)
}

/** What a plain message may be refused for: a limit, its host, or that nobody waits for it. */
const REFUSALS = /^(?:LIMIT_|BAD_HOST_FIELD$|UNEXPECTED_DATA$)/

/** A plain message that came whole is read, unless one of few rules says otherwise. */
function checkRefusal(run: WireRun, expected: NaiveMessage, isRead: boolean): void {
  const isRight = expected.end === 'complete' && expected.refusal === undefined
  if (run.failure === undefined || isRead || !isRight || REFUSALS.test(run.failure.code)) return
  throw new Broken('refused what is right', `${JSON.stringify(expected)}\n${run.log.join('\n')}`)
}

function isSameHead(head: Head, expected: NaiveMessage): boolean {
  const start = head.type === 'request' ? `${head.method} ${head.target}` : String(head.status)
  return start === expected.start && isSame(head.fields, expected.fields)
}

function isSame(fields: Head['fields'], expected: NaiveMessage['fields']): boolean {
  return (
    fields.length === expected.length &&
    fields.every(([name, value], index) => name === expected[index]![0] && value === expected[index]![1])
  )
}

function differs(expected: NaiveMessage, run: WireRun): Broken {
  return new Broken('read in another way', `${JSON.stringify(expected)}\n${run.log.join('\n')}`)
}

// Writes a planned response as bytes, piece by piece: what the engine makes of it, with the damage that the plan asks
// for. Each call advances the server's engine, so it is made when the piece is said.

import type { FieldLine } from '../../../src/core/fields.ts'
import type { H1Engine } from '../../../src/h1/engine.ts'
import type { EventToSend } from '../../../src/h1/events.ts'
import { type Damage, LIMITS, type Plan } from './plan.ts'

/** A response that nobody asked for, as a server would send that answers twice. */
export const EXTRA_RESPONSE: Buffer = Buffer.from(
  'HTTP/1.1 200 OK\r\nX-Id: nobody\r\nContent-Length: 5\r\n\r\nextra',
)
export const JUNK: Buffer = Buffer.from('these bytes are no response\r\n')
export const EMPTY_LINE: Buffer = Buffer.from('\r\n')

/** The bytes of an event, in one piece. */
export function bytesOf(engine: H1Engine, event: EventToSend): Buffer {
  const parts = engine
    .send(event)
    .map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part))
  return parts.length === 1 ? asBuffer(parts[0]!) : Buffer.concat(parts)
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
}

export function informationalBytes(engine: H1Engine, status: number): Buffer {
  return bytesOf(engine, { type: 'informational', status, reason: 'Soon', fields: [['X-Soon', 'yes']] })
}

export function headBytes(engine: H1Engine, plan: Plan, method: string): Buffer {
  const { status, reason, version, framing, body } = plan
  const fields: FieldLine[] = [...plan.fields]
  if (framing === 'length') fields.push(['Content-Length', String(method === 'HEAD' ? 321 : body.length)])
  if (framing === 'chunked') fields.push(['Transfer-Encoding', 'chunked'])
  if (plan.closes) fields.push(['Connection', 'close'])
  else if (version === 10) fields.push(['Connection', 'keep-alive'])
  let head = bytesOf(engine, { type: 'response', status, reason, version, fields })
  if (plan.hugeLength !== undefined)
    head = Buffer.from(
      head.toString('latin1').replace(/(Content-Length: )\d+/, `$1${plan.hugeLength}`),
      'latin1',
    )
  return plan.damage === undefined ? head : damageHead(head, plan.damage, body.length)
}

/** A piece of the body as a chunk or as it is. */
export function pieceBytes(engine: H1Engine, plan: Plan, from: number): Buffer {
  const bytes = plan.body.subarray(from, from + plan.pieceBytes)
  const piece = bytesOf(engine, { type: 'data', bytes })
  return from === 0 && plan.damage !== undefined ? damagePiece(piece, plan.damage) : piece
}

export function endBytes(engine: H1Engine, plan: Plan): Buffer {
  const end = bytesOf(engine, { type: 'end', trailers: plan.trailers })
  switch (plan.damage) {
    case 'bad trailer':
      return Buffer.from('0\r\nX-Trailer t\r\n\r\n')
    case 'long trailers':
      return Buffer.from(`0\r\nX-Trailer: ${'t'.repeat(LIMITS.maxTrailerBytes)}\r\n\r\n`)
    default:
      return end
  }
}

function damageHead(head: Buffer, damage: Damage, length: number): Buffer {
  const text = head.toString('latin1')
  const behindStatusLine = text.indexOf('\r\n') + 2
  const insert = (line: string): Buffer =>
    Buffer.from(text.slice(0, behindStatusLine) + line + text.slice(behindStatusLine), 'latin1')
  switch (damage) {
    case 'no status line':
      return Buffer.from(`HTPT/1.1 200 OK\r\n${text.slice(behindStatusLine)}`, 'latin1')
    case 'bare CR in a value':
      return insert('X-Bad: a\rX-Id: b\r\n')
    case 'space before a colon':
      return insert('X-Bad : a\r\n')
    case 'bare LF behind a field':
      return insert('X-Bad: a\n')
    case 'differing lengths':
      return insert(`Content-Length: ${length + 1}\r\n`)
    case 'signed length':
      return Buffer.from(text.replace('Content-Length: ', 'Content-Length: +'), 'latin1')
    case 'chunked twice':
      return insert('Transfer-Encoding: chunked\r\n')
    case 'long head':
      return insert('X-Long: 0123456789012345678901234567890123456789\r\n'.repeat(39).repeat(3))
    case 'many fields':
      return insert('X: y\r\n'.repeat(LIMITS.maxFields))
    case 'long line':
      return insert(`X-Long: ${'y'.repeat(LIMITS.maxLineBytes)}\r\n`)
    case 'length beside chunked':
      return insert(`Content-Length: ${length + 7}\r\n`)
    default:
      return head
  }
}

function damagePiece(piece: Buffer, damage: Damage): Buffer {
  const lineEnd = piece.indexOf('\r\n')
  const size = piece.subarray(0, lineEnd)
  const rest = piece.subarray(lineEnd + 2)
  switch (damage) {
    case 'bad chunk size':
      return Buffer.concat([Buffer.from('0x'), piece])
    case 'bare LF behind a chunk size':
      return Buffer.concat([size, Buffer.from('\n'), rest])
    case 'no line end behind a chunk':
      return Buffer.concat([piece.subarray(0, -2), Buffer.from('!\n')])
    case 'long chunk extension':
      return Buffer.concat([
        size,
        Buffer.from(`;name=${'v'.repeat(LIMITS.maxChunkExtensionBytes)}\r\n`),
        rest,
      ])
    default:
      return piece
  }
}

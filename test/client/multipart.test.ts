// Forms with files, as a server sees them: read by a parser of the grammar of RFC 7578 and RFC 2046 that forgives nothing.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { latin1 } from '../support/bytes.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { serve } from './serving.ts'

checkOpenHandles()

/** What the server got. */
interface Received {
  readonly type: string
  readonly length: string | undefined
  readonly body: string
}

/** A part of a form: its header lines, in order, and its content. */
interface Part {
  readonly head: readonly string[]
  readonly content: string
}

const BOUNDARY = /^multipart\/form-data; boundary=([!#$%&'*+\-.^_`|~0-9A-Za-z]{1,70})$/

/** The boundary of a body; fails for one that would have to be quoted and is not. */
function boundaryOf({ type }: Received): string {
  const boundary = BOUNDARY.exec(type)?.[1]
  assert.ok(boundary, `no boundary in ${type}`)
  return boundary
}

/** The parts of a form, and nothing between, before or behind them. */
function partsOf(received: Received): Part[] {
  const delimiter = `--${boundaryOf(received)}`
  let rest = received.body
  const eat = (text: string): void => {
    assert.equal(rest.slice(0, text.length), text)
    rest = rest.slice(text.length)
  }
  const upTo = (text: string): string => {
    const end = rest.indexOf(text)
    assert.ok(end >= 0, `no ${JSON.stringify(text)} in ${JSON.stringify(rest)}`)
    const found = rest.slice(0, end)
    rest = rest.slice(end + text.length)
    return found
  }
  const parts: Part[] = []
  eat(delimiter)
  while (!rest.startsWith('--')) {
    eat('\r\n')
    const head = upTo('\r\n\r\n').split('\r\n')
    parts.push({ head, content: upTo(`\r\n${delimiter}`) })
  }
  eat('--\r\n')
  assert.equal(rest, '')
  return parts
}

describe('a form with files', () => {
  const here = serve((request, response) => {
    let body = ''
    request.setEncoding('latin1').on('data', (piece: string) => {
      body += piece
    })
    request.on('end', () => {
      const { 'content-type': type, 'content-length': length } = request.headers
      response.end(JSON.stringify({ type, length, body }))
    })
  })
  const send = async (form: FormData): Promise<Received> => {
    const received = await here.client.post('/', { body: form }).json<Received>()
    assert.equal(received.length, String(received.body.length))
    return received
  }

  it('has its parts between CRLF and delimiters, each with its head, an empty line and its content [7578-4-1, 9110-8.3.3-1]', async () => {
    const form = new FormData()
    form.append('text', 'two\nlines')
    form.append('file', new Blob(['\r\n--\r\n']), 'a.bin')
    form.append('empty', '')
    assert.deepEqual(
      partsOf(await send(form)).map(({ content }) => content),
      ['two\r\nlines', '\r\n--\r\n', ''],
    )
  })

  it('has its last delimiter also where it is empty', async () => {
    const received = await send(new FormData())
    assert.equal(received.body, `--${boundaryOf(received)}--\r\n`)
  })

  it('draws a boundary for each request, so that no content can have it in it [7578-4.1-1]', async () => {
    const first = await send(new FormData())
    const form = new FormData()
    form.append('copy', first.body)
    form.append('copy', `\r\n--${boundaryOf(first)}\r\n`)
    const second = await send(form)
    assert.notEqual(boundaryOf(second), boundaryOf(first))
    assert.ok(boundaryOf(second).length >= 27, '160 bits in letters and digits')
    assert.equal(partsOf(second).length, 2)
  })

  it('has a boundary that is a token, so that it needs no quotes [7578-4.1-2]', async () => {
    for (let i = 0; i < 20; i++) assert.match((await send(new FormData())).type, BOUNDARY)
  })

  it('names each part form-data with its field, in quotes that no name ends [7578-4.2-1, 7578-4.2-2, 7578-4.2-5]', async () => {
    const form = new FormData()
    form.append('plain', '1')
    form.append('a"; filename="x\r\nEvil: 1', '2')
    form.append('file', new File(['3'], 'b"\r\n.txt', { type: 'text/plain' }))
    assert.deepEqual(
      partsOf(await send(form)).map(({ head }) => head),
      [
        ['Content-Disposition: form-data; name="plain"'],
        ['Content-Disposition: form-data; name="a%22; filename=%22x%0D%0AEvil: 1"'],
        [
          'Content-Disposition: form-data; name="file"; filename="b%22%0D%0A.txt"',
          'Content-Type: text/plain',
        ],
      ],
    )
  })

  it('writes names beyond ASCII as UTF-8, never as filename* [7578-4.2-4]', async () => {
    const form = new FormData()
    form.append('ü', new File([''], 'naïve €.txt'))
    const [part] = partsOf(await send(form))
    const expected = 'Content-Disposition: form-data; name="ü"; filename="naïve €.txt"'
    assert.equal(latin1(part!.head[0]!).toString(), expected)
  })

  it('has a part for each value and each file, also of one name, in order [7578-4.3-1, 7578-5.2-2]', async () => {
    const form = new FormData()
    form.append('a', '1')
    form.append('files', new File(['x'], 'x.txt'))
    form.append('a', '2')
    form.append('files', new File(['y'], 'y.txt'))
    const names = partsOf(await send(form)).map(({ head, content }) => [
      / name="([^"]*)"/.exec(head[0]!)?.[1],
      content,
    ])
    assert.deepEqual(names, [
      ['a', '1'],
      ['files', 'x'],
      ['a', '2'],
      ['files', 'y'],
    ])
  })

  it('has no field in a part but Content-Disposition and Content-Type, also for a type that has a line end in it [7578-4.8-1]', async () => {
    const form = new FormData()
    form.append('text', '1')
    const file = new File(['2'], 'x.html', { type: 'text/html' })
    Object.defineProperty(file, 'type', { value: 'text/html\r\nContent-Transfer-Encoding: 8bit' })
    form.append('file', file)
    form.append('blob', new Blob(['3']))
    for (const { head } of partsOf(await send(form)))
      for (const line of head) assert.match(line, /^Content-(Disposition|Type): /)
  })
})

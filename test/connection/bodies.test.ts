// What a request may have as its body, and how each kind goes out; trailers behind it.

import assert from 'node:assert/strict'
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { Readable } from 'node:stream'
import { describe, it } from 'node:test'
import type { HeadersInput } from '../../src/core/headers.ts'
import type { RequestBody } from '../../src/core/outgoing-body.ts'
import type { RequestOptions } from '../../src/core/request-options.ts'
import { showWire, wire } from '../support/bytes.ts'
import { memoryConnection, outcomeOf, rejectionOf } from '../support/memory-connection.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

/** The fields that were added for a body, and the bytes behind the head. */
async function sentBody(
  body: RequestBody,
  headers: HeadersInput = {},
  options: RequestOptions = {},
): Promise<{ fields: string[]; bytes: string }> {
  const { connection, network } = memoryConnection()
  await connection.request('POST', '/', body, headers, options)
  const text = network.stream.written.toString('latin1')
  connection.close()
  const end = text.indexOf('\r\n\r\n')
  return { fields: text.slice(0, end).split('\r\n').slice(3), bytes: text.slice(end + 4) }
}

const utf8 = (text: string): string => Buffer.from(text).toString('latin1')

async function* later(...pieces: (string | Uint8Array)[]): AsyncGenerator<string | Uint8Array> {
  for (const piece of pieces) yield await Promise.resolve(piece)
}

describe('a body whose length is known', () => {
  const known: [string, () => RequestBody, string, string[]][] = [
    ['a string, as UTF-8', () => 'grüße €', utf8('grüße €'), []],
    ['an empty string', () => '', '', []],
    ['a Buffer', () => Buffer.from([0, 255, 10]), '\x00\xff\n', []],
    ['a part of a larger Uint8Array', () => new Uint8Array([1, 2, 3, 4]).subarray(1, 3), '\x02\x03', []],
    ['an ArrayBuffer', () => new Uint8Array([7, 8]).buffer, '\x07\x08', []],
    ['a DataView', () => new DataView(new Uint8Array([1, 2, 3]).buffer, 1) as never, '\x02\x03', []],
    ['a Blob', () => new Blob(['ab', 'c']), 'abc', []],
    [
      'a Blob with a type',
      () => new Blob(['{}'], { type: 'application/json' }),
      '{}',
      ['Content-Type: application/json'],
    ],
    [
      'URLSearchParams',
      () => new URLSearchParams({ spam: '1', eggs: 'a b' }),
      'spam=1&eggs=a+b',
      ['Content-Type: application/x-www-form-urlencoded;charset=UTF-8'],
    ],
    ['a factory of one of them', () => () => 'made', 'made', []],
  ]
  for (const [what, make, bytes, fields] of known) {
    it(`goes out with Content-Length: ${what}`, async () => {
      assert.deepEqual(await sentBody(make()), {
        fields: [`Content-Length: ${bytes.length}`, ...fields],
        bytes,
      })
    })

    it(`goes out chunked where asked: ${what}`, async () => {
      const sent = await sentBody(make(), {}, { chunked: true })
      assert.deepEqual(sent.fields, ['Transfer-Encoding: chunked', ...fields])
      assert.equal(unchunk(Buffer.from(sent.bytes, 'latin1')).toString('latin1'), bytes)
    })
  }

  it('leaves a Content-Type of the caller alone', async () => {
    const { fields } = await sentBody(new URLSearchParams('a=b'), { 'content-type': 'text/plain' })
    assert.deepEqual(fields, ['Content-Length: 3', 'content-type: text/plain'])
  })

  it('goes out with Content-Length: an open file, from its beginning, which stays open', async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'httplib-'))
    try {
      const name = path.join(folder, 'body')
      await writeFile(name, 'file content')
      const file = await open(name)
      try {
        await file.read(Buffer.alloc(4))
        for (let again = 0; again < 2; again++) {
          assert.deepEqual(await sentBody(file), { fields: ['Content-Length: 12'], bytes: 'file content' })
        }
        assert.equal((await file.stat()).size, 12)
      } finally {
        await file.close()
      }
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})

describe('a body whose length is not known', () => {
  const chunks = '3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n'
  const unknown: [string, () => RequestBody][] = [
    ['an async generator', () => later('one', Buffer.from('two'))],
    ['an array of pieces', () => ['one', Buffer.from('two')]],
    ['a Set of pieces', () => new Set(['one', 'two'])],
    ['a Node stream', () => Readable.from(['one', 'two'].map((piece) => Buffer.from(piece)))],
    ['a web stream', () => ReadableStream.from(['one', 'two'])],
    ['a factory of one of them', () => () => later('one', 'two')],
    ['pieces of which some are empty', () => ['', 'one', new Uint8Array(0), 'two', '']],
  ]
  for (const [what, make] of unknown) {
    it(`goes out chunked, a chunk for each piece: ${what}`, async () => {
      assert.deepEqual(await sentBody(make()), { fields: ['Transfer-Encoding: chunked'], bytes: chunks })
    })
    it(`goes out plain where the caller declares its length: ${what}`, async () => {
      assert.deepEqual(await sentBody(make(), { 'Content-Length': 6 }), {
        fields: ['Content-Length: 6'],
        bytes: 'onetwo',
      })
    })
  }

  it('goes out as multipart/form-data that the platform reads back: FormData', async () => {
    const form = new FormData()
    form.set('name', 'välue')
    form.set('file', new Blob(['content']), 'a.txt')
    const { fields, bytes } = await sentBody(form)
    const type = fields.find((field) => field.startsWith('Content-Type: '))!.slice(14)
    assert.match(type, /^multipart\/form-data; ?boundary=/)
    const { connection, network } = memoryConnection()
    assert.ok(bytes.length > 0)
    await connection.request('POST', '/', form)
    const written = network.stream.written
    connection.close()
    const isChunked = written.includes('Transfer-Encoding: chunked')
    const sentType = /Content-Type: (.*)\r\n/.exec(written.toString('latin1'))![1]!
    const body = written.subarray(written.indexOf('\r\n\r\n') + 4)
    const read = await new Response(isChunked ? unchunk(body) : body, {
      headers: { 'content-type': sentType },
    }).formData()
    assert.equal(read.get('name'), 'välue')
    assert.equal(await (read.get('file') as unknown as Blob).text(), 'content')
  })
})

function* careless(): Generator<string> {
  try {
    while (true) yield 'piece'
  } finally {
    // oxlint-disable-next-line no-unsafe-finally -- what a careless source does
    throw new Error('cleaning up failed')
  }
}

describe('a source of a body that goes wrong', () => {
  it('costs the connection and surfaces its own error, untouched', async () => {
    const failure = new Error('the disk is gone')
    const { connection, network } = memoryConnection()
    const source = async function* (): AsyncGenerator<string> {
      yield 'one'
      throw await Promise.resolve(failure)
    }
    assert.equal(await rejectionOf(connection.request('POST', '/', source())), failure)
    assert.ok(network.stream.isClosed)
    assert.doesNotMatch(network.stream.written.toString('latin1'), /0\r\n\r\n$/)
    assert.equal(connection.state, 'idle')
    await connection.request('GET', '/')
    assert.equal(network.streams.length, 2)
    connection.close()
  })

  it('is told when more is declared than it gives, and when less: the request is not completed', async () => {
    for (const [declared, code] of [
      [9, 'BODY_TOO_SHORT'],
      [4, 'BODY_TOO_LONG'],
    ] as const) {
      const { connection, network } = memoryConnection()
      const error = await rejectionOf(
        connection.request('POST', '/', later('one', 'two'), { 'Content-Length': declared }),
      )
      assert.equal((error as Error & { code: string }).code, code)
      assert.ok(network.stream.isClosed)
      const body = network.stream.written.toString('latin1').split('\r\n\r\n')[1]!
      assert.ok(body.length <= declared, 'a byte of the offence was written')
      assert.equal(connection.state, 'idle')
    }
  })

  it('is refused for a piece that is neither bytes nor a string', async () => {
    const { connection, network } = memoryConnection()
    const error = await rejectionOf(connection.request('POST', '/', [5] as unknown as string[]))
    assert.equal((error as Error & { code: string }).code, 'INVALID_BODY')
    assert.deepEqual(network.streams, [], 'a list can be looked at before anything is opened')
    const late = await rejectionOf(connection.request('POST', '/', later('one', 5 as unknown as string)))
    assert.equal((late as Error & { code: string }).code, 'INVALID_BODY')
    assert.ok(network.stream.isClosed)
  })

  it('leaves nothing half-sent when it cannot be opened: a web stream that is locked', async () => {
    const locked = ReadableStream.from(['one']) as unknown as AsyncIterable<string> & {
      getReader(): unknown
    }
    locked.getReader()
    const { connection, network } = memoryConnection()
    await assert.rejects(connection.request('POST', '/', locked), TypeError)
    assert.deepEqual(
      network.streams.filter((stream) => !stream.isClosed && stream.written.length > 0),
      [],
    )
    assert.equal(connection.state, 'idle')
  })

  it('is given back when the connection breaks: its finally block runs', async () => {
    const { connection, network } = memoryConnection()
    let isGivenBack = false
    const source = async function* (): AsyncGenerator<Buffer> {
      try {
        while (true) yield await Promise.resolve(Buffer.alloc(1_000))
      } finally {
        isGivenBack = true
      }
    }
    network.prepare = (stream) => {
      stream.takes = false
    }
    const request = connection.request('POST', '/', source())
    await outcomeOf(request)
    network.stream.break()
    const error = await rejectionOf(request)
    assert.equal(error.name, 'ConnectionLost')
    await outcomeOf(Promise.resolve())
    assert.equal(isGivenBack, true)
  })

  it('may fail in its finally block without harm to the response', async () => {
    const { connection, network } = memoryConnection()
    network.prepare = (stream) => {
      stream.takes = false
    }
    const request = connection.request('POST', '/', careless())
    await outcomeOf(request)
    network.stream.receive(wire`HTTP/1.1 413 Content Too Large
Content-Length: 2

no`)
    await request
    const response = await connection.getResponse()
    assert.equal(response.status, 413)
    assert.equal(await response.text(), 'no')
  })
})

describe('trailers of a request', () => {
  it('go out behind a chunked body, announced by Trailer, in order and case', async () => {
    assert.deepEqual(
      await sentBody(
        'hi',
        {},
        {
          trailers: [
            ['X-Sum', '1'],
            ['x-b', '2'],
          ],
        },
      ),
      {
        fields: ['Transfer-Encoding: chunked', 'Trailer: X-Sum, x-b'],
        bytes: '2\r\nhi\r\n0\r\nX-Sum: 1\r\nx-b: 2\r\n\r\n',
      },
    )
  })

  it('may be made when the body has been sent', async () => {
    let length = 0
    const source = async function* (): AsyncGenerator<string> {
      for (const piece of ['one', 'three']) {
        length += piece.length
        yield await Promise.resolve(piece)
      }
    }
    const { fields, bytes } = await sentBody(source(), {}, { trailers: () => ({ 'X-Length': length }) })
    assert.deepEqual(fields, ['Transfer-Encoding: chunked'])
    assert.equal(showWire(Buffer.from(bytes)), '3\none\n5\nthree\n0\nX-Length: 8\n\n')
  })

  it('cost the connection when their maker fails', async () => {
    const { connection, network } = memoryConnection()
    const failure = new Error('no sum')
    const request = connection.request(
      'POST',
      '/',
      'hi',
      {},
      {
        trailers: () => {
          throw failure
        },
      },
    )
    assert.equal(await rejectionOf(request), failure)
    assert.ok(network.stream.isClosed)
    assert.equal(connection.state, 'idle')
  })
})

function unchunk(bytes: Buffer): Buffer {
  const pieces: Buffer[] = []
  for (let at = 0; ; ) {
    const end = bytes.indexOf('\r\n', at)
    const size = Number.parseInt(bytes.toString('latin1', at, end), 16)
    if (size === 0) return Buffer.concat(pieces)
    pieces.push(bytes.subarray(end + 2, end + 2 + size))
    at = end + 2 + size + 2
  }
}

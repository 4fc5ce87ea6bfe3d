// The programs of docs/tutorial.md, each in a process of its own, against a server on loopback.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { checkOpenHandles } from '../support/open-handles.ts'
import { moduleBeside } from '../support/repository.ts'
import { serve } from './serving.ts'

checkOpenHandles()

const FILM = Buffer.alloc(200_000, 'film ')

/** What the server has seen in one run of a program. */
interface Memory {
  sometimes: number
  readonly keys: (string | undefined)[]
  readonly authorizations: (string | undefined)[]
}

type Answer = (response: ServerResponse, body: Buffer, request: IncomingMessage, memory: Memory) => unknown

const ANSWERS: Readonly<Record<string, Answer>> = {
  'GET /todos/1': (response, _, { headers }, { authorizations }) => {
    authorizations.push(headers.authorization)
    response.writeHead(200, { 'Content-Type': 'application/json' })
    response.end('{"id":1,"title":"Learn","done":false}')
  },
  'GET /todos?done=false&limit=2': (response) => response.end('[{"id":1},{"id":3}]'),
  'POST /todos': (response, body) => {
    const { title } = JSON.parse(String(body)) as { title: string }
    response.writeHead(201).end(JSON.stringify({ id: 4, title }))
  },
  'GET /todos/999': (response) => response.writeHead(404).end('no such todo'),
  'GET /page-that-is-no-json': (response) => response.end('<html>'),
  'GET /slow': () => {},
  'GET /sometimes': (response, _, __, memory) => {
    if (memory.sometimes++ < 2) response.writeHead(503).end()
    else response.end('well')
  },
  'POST /orders': (response, _, { headers }, { keys }) => {
    keys.push(headers['idempotency-key'] as string | undefined)
    response.writeHead(keys.length === 1 ? 503 : 201).end()
  },
  'PUT /files/film': (response, body) => response.writeHead(201).end(`stored ${body.length} bytes`),
  'POST /forms': (response, body, { headers }) => {
    const [, boundary = ''] = /boundary=(.*)$/.exec(headers['content-type'] ?? '') ?? []
    response.end(`${body.toString('latin1').split(`--${boundary}\r\n`).length - 1} parts`)
  },
  'GET /log': (response) => {
    // The error is the last that is sent: what follows never comes.
    response.write('{"level":"info","text":"began"}\n{"level":"error","text":"broke"}\n')
  },
  'GET /large': (response) => response.end(FILM),
}

describe('the programs of the tutorial', () => {
  let memory: Memory
  let folder: string
  const serving = serve((request, response) => {
    const pieces: Buffer[] = []
    request.on('data', (piece: Buffer) => pieces.push(piece))
    request.on('end', () => {
      ANSWERS[`${request.method} ${request.url}`]?.(response, Buffer.concat(pieces), request, memory)
    })
  })
  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'httplib-tutorial-'))
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  /** Runs a program and answers the lines that it printed. */
  async function run(name: string, ...values: string[]): Promise<string[]> {
    memory = { sometimes: 0, keys: [], authorizations: [] }
    const file = fileURLToPath(moduleBeside(import.meta, `../../examples/tutorial/${name}`))
    const child = spawn(process.execPath, [file, serving.origin, ...values], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString()
    })
    await once(child, 'close')
    assert.equal(child.exitCode, 0, name)
    return output.trimEnd().split('\n')
  }

  it('first-get', async () => {
    assert.deepEqual(await run('first-get'), [
      '200 application/json',
      '{"id":1,"title":"Learn","done":false}',
    ])
  })

  it('a-client', async () => {
    assert.deepEqual(await run('a-client'), ['Learn', '[ 1, 3 ]', '4 Read the tutorial'])
    assert.deepEqual(memory.authorizations, ['Bearer secret'])
  })

  it('errors', async () => {
    assert.deepEqual(await run('errors'), [
      "answered: { id: 1, title: 'Learn', done: false }",
      'the server said 404: no such todo',
      'not what it says it is: NOT_JSON',
      'too slow: headers took 100 ms',
      'not reached, so not acted: true',
      'false 404',
    ])
  })

  it('time-and-retries', async () => {
    assert.deepEqual(await run('time-and-retries'), [
      'well after 3 attempts',
      '201 after 2 attempts',
      'no longer needed',
    ])
    assert.equal(memory.keys.length, 2)
    assert.ok(memory.keys[0] !== undefined && memory.keys[0] === memory.keys[1])
  })

  it('uploads', async () => {
    const file = path.join(folder, 'film.mp4')
    writeFileSync(file, FILM)
    assert.deepEqual(await run('uploads', file), [
      `sent ${FILM.length} bytes`,
      `201 stored ${FILM.length} bytes`,
      '2 parts',
    ])
  })

  it('streams', async () => {
    const file = path.join(folder, 'download.bin')
    assert.deepEqual(await run('streams', file), ['info began', 'error broke', 'done'])
    assert.ok(readFileSync(file).equals(FILM))
  })

  it('todo-client', async () => {
    assert.deepEqual(await run('todo-client'), ['all is well'])
  })
})

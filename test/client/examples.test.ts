import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { checkOpenHandles } from '../support/open-handles.ts'
import { moduleBeside } from '../support/repository.ts'
import { TestProxy } from '../support/test-proxy.ts'
import { serve } from './serving.ts'

checkOpenHandles()

const LARGE = Buffer.alloc(300_000, 'httplib ')
const ETAG = '"v1"'

/** What the server has seen and done for one run of an example. */
interface Memory {
  readonly signatures: string[]
  readonly traces: string[]
  tokens: number
  slow: number
  broken: number
  uploaded: number
}

type Answer = (request: IncomingMessage, response: ServerResponse, memory: Memory) => unknown

const ANSWERS: Readonly<Record<string, Answer>> = {
  '/v1/users/7': (_, response) => response.end('{"id":7,"name":"Ada"}'),
  '/v1/users': async (request, response) => {
    const { name } = JSON.parse(String(await bodyOf(request))) as { name: string }
    response.writeHead(201).end(JSON.stringify({ id: 8, name }))
  },
  '/v1/users/999': (_, response) => response.writeHead(404).end('no such user'),
  '/upload': async (request, response, memory) => {
    memory.uploaded = (await bodyOf(request)).length
    assert.equal(request.headers['content-length'], String(LARGE.length))
    response.end('thanks')
  },
  '/large': (request, response, memory) => {
    const { range, 'if-range': ifRange } = request.headers
    const from = range === undefined ? 0 : Number(/^bytes=(\d+)-$/.exec(range)![1])
    if (range !== undefined) assert.equal(ifRange, ETAG)
    response.writeHead(range === undefined ? 200 : 206, {
      ETag: ETAG,
      'Content-Length': LARGE.length - from,
    })
    // Twice it breaks off in the middle.
    if (memory.broken++ < 2)
      response.write(LARGE.subarray(from, from + 100_000), () => setTimeout(() => response.destroy(), 20))
    else response.end(LARGE.subarray(from))
  },
  '/none/large': (_, response) => response.writeHead(404).end('no such page'),
  '/cut/large': (_, response) => {
    response
      .writeHead(200, { 'Content-Length': 9 })
      .write('cut', () => setTimeout(() => response.destroy(), 5))
  },
  '/token': async (_, response, memory) => {
    await sleep(5)
    response.end(JSON.stringify({ access_token: `token-${++memory.tokens}` }))
  },
  '/signed': (request, response, memory) => {
    memory.signatures.push(String(request.headers['signature']))
    response.end('signed')
  },
  '/account': (request, response) => {
    const isKnown = request.headers.cookie === 'session=ada'
    if (isKnown) response.end('ada, 3 orders')
    else response.writeHead(302, { Location: '/form' }).end()
  },
  '/login': (_, response) =>
    response
      .writeHead(303, { Location: '/account', 'Set-Cookie': 'session=ada; Path=/; Max-Age=3600' })
      .end(),
  '/sometimes-slow': async (_, response, memory) => {
    if (memory.slow++ === 0) await sleep(1_000, undefined, { ref: false })
    response.end('fast')
  },
  '/page': (_, response) => response.end('a page'),
  '/traced': (request, response, memory) => {
    memory.traces.push(String(request.headers['traceparent']))
    response.end('traced')
  },
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(piece as Buffer)
  return Buffer.concat(pieces)
}

function item(request: IncomingMessage, response: ServerResponse): void {
  const { authorization } = request.headers
  const isRefused = authorization !== undefined && authorization !== 'Bearer token-2'
  response.writeHead(isRefused ? 401 : 200).end(isRefused ? '' : request.url!.slice('/items/'.length))
}

/** A folder that is gone afterwards. */
async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'httplib-example-'))
  try {
    await work(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

describe('the examples of the client', () => {
  let memory: Memory
  const serving = serve((request, response) => {
    const answer = request.url!.startsWith('/items/') ? item : ANSWERS[request.url!]
    void answer?.(request, response, memory)
  })

  /** Runs an example and answers what it printed. */
  async function run(name: string, ...values: string[]): Promise<string> {
    memory = { signatures: [], traces: [], tokens: 0, slow: 0, broken: 0, uploaded: 0 }
    const file = fileURLToPath(moduleBeside(import.meta, `../../examples/client/${name}`))
    const child = spawn(process.execPath, [file, serving.origin, ...values], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString()
    })
    await once(child, 'close')
    assert.equal(child.exitCode, 0, name)
    return output
  }

  it('json-api: typed answers, and errors with what the server said', async () => {
    assert.equal(await run('json-api'), 'Ada\n8\n404 no such user\n')
  })

  it('upload-progress: a file with its length, and how far it is', async () => {
    await inFolder(async (folder) => {
      const file = path.join(folder, 'large.bin')
      writeFileSync(file, LARGE)
      const lines = (await run('upload-progress', file)).trimEnd().split('\n')
      assert.equal(lines.at(-1), '200 thanks')
      assert.equal(lines.at(-2), `${LARGE.length} of ${LARGE.length} bytes`)
      assert.equal(memory.uploaded, LARGE.length)
    })
  })

  it('resume-download: goes on where it broke off', async () => {
    await inFolder(async (folder) => {
      const file = path.join(folder, 'large.bin')
      const output = await run('resume-download', file)
      assert.equal(output, 'broken off; going on\nbroken off; going on\ncomplete after 3 attempts\n')
      assert.ok(readFileSync(file).equals(LARGE))
    })
  })

  it('resume-download: fails where there is no file, and where it never comes whole', async () => {
    for (const [place, failure] of [
      ['none', 'StatusError'],
      ['cut', 'IncompleteRead'],
    ]) {
      await inFolder(async (folder) => {
        const file = path.join(folder, 'large.bin')
        writeFileSync(file, 'kept')
        const program = fileURLToPath(moduleBeside(import.meta, '../../examples/client/resume-download'))
        const child = spawn(process.execPath, [program, `${serving.origin}/${place}`, file])
        let told = ''
        child.stderr.on('data', (chunk: Buffer) => {
          told += chunk.toString()
        })
        child.stdout.resume()
        await once(child, 'close')
        assert.equal(child.exitCode, 1)
        assert.match(told, new RegExp(`^${failure}: `, 'm'))
        if (place === 'none') assert.equal(readFileSync(file, 'utf8'), 'kept')
      })
    }
  })

  it('login-session: who is logged in stays so, from one process to the next', async () => {
    await inFolder(async (folder) => {
      const file = path.join(folder, 'session.json')
      assert.equal(await run('login-session', file), 'logging in\nada, 3 orders\n')
      assert.equal(await run('login-session', file), 'ada, 3 orders\n')
    })
  })

  it('token-refresh: one refresh for all that wait', async () => {
    assert.equal(await run('token-refresh'), '1 2 3\n')
    assert.equal(memory.tokens, 2)
  })

  it('many-requests: no more connections than allowed', async () => {
    assert.match(await run('many-requests'), /^100 results, the last one 99\n[1-8] connections\n$/)
  })

  it('guard: what a URL leads to is refused, and one host besides allowed', async () => {
    const lines = (await run('guard')).trimEnd().split('\n')
    assert.match(lines[0]!, /^refused: 169\.254\.169\.254, which is of 169\.254\.169\.254\/32 /)
    assert.deepEqual(lines.slice(1), ['169.254.169.254 169.254.169.254/32 false', 'a page'])
  })

  it('without-network: a layer answers', async () => {
    assert.equal(await run('without-network'), 'no connection was made\n')
  })

  it('signing-layer: the key of the moment', async () => {
    assert.equal(await run('signing-layer'), 'signed\nsigned\n')
    assert.deepEqual(
      memory.signatures.map((text) => /^keyId="(key-\d)", signature="[A-Za-z0-9+/]{43}="$/.exec(text)?.[1]),
      ['key-1', 'key-2'],
    )
  })

  it('hedging-layer: the second answer is the first to come', async () => {
    assert.equal(await run('hedging-layer'), 'fast\nin time\n')
    assert.equal(memory.slow, 2)
  })

  it('by-proxy: which way each URL goes', async () => {
    await using proxy = await TestProxy.start()
    const output = await run('by-proxy', proxy.url)
    assert.deepEqual(output.split('\n'), [
      'by proxy: the option proxy',
      "directly: 'localhost' in the option proxy matches",
      "directly: '10.0.0.0/8' in the option proxy matches",
      '200 by proxy',
      '',
    ])
    assert.deepEqual(proxy.lines, [`GET ${serving.origin}/items/1`])
  })

  it('opentelemetry: a span for each request, and traceparent on the way', async () => {
    assert.equal(await run('opentelemetry'), 'traced\nGET 200 0\nGET CONNECT_REFUSED 2\n')
    assert.match(memory.traces[0]!, /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/)
  })
})

// Packages that take a `fetch`, or use the global one, do their documented work on ours, against a server here.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import Anthropic from '@anthropic-ai/sdk'
import { request as octokit } from '@octokit/request'
import { EventSource } from 'eventsource'
import fetchCookie from 'fetch-cookie'
import ky, { HTTPError } from 'ky'
import OpenAI from 'openai'
import pRetry from 'p-retry'
import { Client } from '../../src/client/client.ts'
import { createFetch, type Fetch, install } from '../../src/fetch/index.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

/** A package whose declarations do not compile without the DOM: as much of its types as is used. */
async function untyped<T>(name: string): Promise<T> {
  return (await import(name)) as T
}

interface Hono {
  all(path: string, handle: (context: HonoContext) => Promise<Response>): void
  request(path: string, init?: RequestInit): Promise<Response>
}
interface HonoContext {
  readonly req: { readonly url: string; header(): Record<string, string> }
}
interface Ofetch {
  <T>(url: string, options?: object): Promise<T>
  raw(url: string, options?: object): Promise<Response & { readonly _data: unknown }>
}
interface Wretch {
  url(path: string): Wretch
  polyfills(those: object): Wretch
  get(): WretchAnswer
  post(body: unknown): WretchAnswer
}
interface WretchAnswer {
  json<T>(): Promise<T>
  text(): Promise<string>
  notFound(handle: () => string): WretchAnswer
}

let server: Server
let origin: string
let client: Client
let fetch: Fetch
/** How often each path was asked for. */
const asked = new Map<string, number>()

after(async () => {
  await client.close()
  const closed = once(server, 'close')
  server.close()
  server.closeAllConnections()
  await closed
})
checkOpenHandles()

before(async () => {
  server = createServer((request, response) => void answer(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  client = new Client({ retry: false })
  fetch = createFetch(client)
})

async function textOf(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(piece as Buffer)
  return Buffer.concat(pieces).toString()
}

/** The events of a stream of server-sent events. */
function sendEvents(
  response: ServerResponse,
  events: readonly (readonly [name: string, data: unknown])[],
): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  for (const [name, data] of events) {
    const text = typeof data === 'string' ? data : JSON.stringify(data)
    response.write(`${name === '' ? '' : `event: ${name}\n`}data: ${text}\n\n`)
  }
  response.end()
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname, searchParams } = new URL(request.url!, origin)
  const count = (asked.get(pathname) ?? 0) + 1
  asked.set(pathname, count)
  const body = await textOf(request)
  const json = (value: unknown, status = 200): void => {
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(JSON.stringify(value))
  }
  switch (pathname) {
    case '/flaky':
      return count % 3 === 0 ? json({ count }) : json({ error: 'busy' }, 503)
    case '/drop':
      return void (count % 2 === 0 ? json({ count }) : request.socket.destroy())
    case '/login':
      response.setHeader('set-cookie', ['session=1; Path=/', 'theme=dark; Path=/'])
      response.writeHead(302, { location: '/cookies' })
      return void response.end()
    case '/cookies':
      return json({ cookie: request.headers.cookie ?? '' })
    case '/events':
      return sendEvents(response, [
        ['', 'one'],
        ['named', 'two'],
      ])
    case '/slow':
      return
    case '/v1/models':
      return json({ object: 'list', data: [{ id: 'small', object: 'model' }] })
    case '/v1/chat/completions':
      return answerChat(body, response, json)
    case '/v1/messages':
      return answerMessages(body, response, json)
    case '/rest/table':
      response.setHeader('content-range', '0-0/1')
      return json([{ id: 1 }])
    case '/bucket/key':
      response.setHeader('etag', '"1"')
      return void response.end(request.method === 'GET' ? 'object' : '')
    case '/repos/a/b/issues':
      response.setHeader('x-ratelimit-remaining', '9')
      return json([{ number: 1, title: searchParams.get('state') }])
    case '/missing':
      return json({ message: 'Not Found' }, 404)
    default:
      return json({ method: request.method, url: request.url, headers: request.headers, body })
  }
}

/** A piece of a completion. */
function chunk(content: string): unknown {
  return { id: '1', choices: [{ index: 0, delta: { content } }] }
}

function answerChat(body: string, response: ServerResponse, json: (value: unknown) => void): void {
  const { stream } = JSON.parse(body) as { stream?: boolean }
  if (stream !== true) {
    const message = { role: 'assistant', content: 'Hello' }
    return json({
      id: '1',
      object: 'chat.completion',
      choices: [{ index: 0, message, finish_reason: 'stop' }],
    })
  }
  sendEvents(response, [
    ['', chunk('Hel')],
    ['', chunk('lo')],
    ['', '[DONE]'],
  ])
}

/** A piece of a message. */
function delta(text: string): unknown {
  return { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } }
}

function answerMessages(body: string, response: ServerResponse, json: (value: unknown) => void): void {
  const { stream } = JSON.parse(body) as { stream?: boolean }
  const usage = { input_tokens: 1, output_tokens: 1 }
  const message = { id: 'm', type: 'message', role: 'assistant', model: 'x', usage, stop_reason: null }
  if (stream !== true) return json({ ...message, content: [{ type: 'text', text: 'Hello' }] })
  sendEvents(response, [
    ['message_start', { type: 'message_start', message: { ...message, content: [] } }],
    [
      'content_block_start',
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    ],
    ['content_block_delta', delta('Hel')],
    ['content_block_delta', delta('lo')],
    ['content_block_stop', { type: 'content_block_stop', index: 0 }],
    ['message_delta', { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage }],
    ['message_stop', { type: 'message_stop' }],
  ])
}

const platformFetch = (): typeof globalThis.fetch => fetch

describe('ky', () => {
  it('sends JSON, searches, reads, retries and throws', async () => {
    const api = ky.create({ prefixUrl: origin, fetch: platformFetch(), retry: { limit: 3, delay: () => 1 } })
    const seen = await api
      .post('echo', { json: { a: 1 }, searchParams: { q: 'x y' } })
      .json<Record<string, unknown>>()
    assert.equal(seen['body'], '{"a":1}')
    assert.equal(seen['url'], '/echo?q=x+y')
    assert.equal((seen['headers'] as Record<string, string>)['content-length'], '7')
    assert.deepEqual(await api.get('flaky').json(), { count: 3 })
    const error = (await api.get('missing').catch((thrown: unknown) => thrown)) as HTTPError
    assert.ok(error instanceof HTTPError)
    assert.equal(error.response.status, 404)
  })

  it('hooks into the response, tells of progress, and times out', async () => {
    const progress: number[] = []
    const api = ky.create({
      prefixUrl: origin,
      fetch: platformFetch(),
      hooks: {
        afterResponse: [(_request, _options, response) => new Response(`${response.status}`, response)],
      },
    })
    assert.equal(await api.get('echo').text(), '200')
    const plain = ky.create({ prefixUrl: origin, fetch: platformFetch() })
    await plain
      .get('echo', { onDownloadProgress: ({ transferredBytes }) => void progress.push(transferredBytes) })
      .text()
    assert.ok(progress.at(-1)! > 0)
    await assert.rejects(plain.get('slow', { timeout: 30, retry: 0 }).text(), { name: 'TimeoutError' })
  })

  it('sends again what failed by a network error', async () => {
    const api = ky.create({ prefixUrl: origin, fetch: platformFetch(), retry: { limit: 2, delay: () => 1 } })
    assert.deepEqual(await api.get('drop').json(), { count: 2 })
  })
})

describe('ofetch', () => {
  it('reads by media type, sends objects, and throws', async () => {
    const { createFetch: create } = await untyped<{ createFetch: (options: object) => Ofetch }>('ofetch')
    const api = create({ fetch: platformFetch(), Headers, AbortController })
    const seen = await api<{ body: string; method: string }>(`${origin}/echo`, {
      method: 'POST',
      body: { a: 1 },
    })
    assert.equal(seen.body, '{"a":1}')
    await assert.rejects(api(`${origin}/missing`), { statusCode: 404, data: { message: 'Not Found' } })
    const raw = await api.raw(`${origin}/echo`, { query: { q: 1 } })
    assert.equal(raw.status, 200)
    assert.equal((raw._data as { url: string }).url, '/echo?q=1')
  })
})

describe('wretch', () => {
  it('posts, reads and catches by status', async () => {
    const { default: wretch } = await untyped<{ default: (base: string) => Wretch }>('wretch')
    const api = wretch(origin).polyfills({ fetch: platformFetch() })
    const seen = await api.url('/echo').post({ a: 1 }).json<{ body: string }>()
    assert.equal(seen.body, '{"a":1}')
    assert.equal(
      await api
        .url('/missing')
        .get()
        .notFound(() => 'caught')
        .text(),
      'caught',
    )
  })
})

function openai(options: object = {}): OpenAI {
  return new OpenAI({
    apiKey: 'key',
    baseURL: `${origin}/v1`,
    fetch: platformFetch(),
    maxRetries: 0,
    ...options,
  })
}

/** Asks for a completion in pieces. */
function askForStream(): Promise<AsyncIterable<OpenAI.Chat.ChatCompletionChunk>> {
  const messages = [{ role: 'user' as const, content: 'Hi' }]
  return openai().chat.completions.create({ model: 'small', messages, stream: true })
}

describe('openai', () => {
  it('lists and completes', async () => {
    const models = await openai().models.list()
    assert.deepEqual(
      models.data.map(({ id }) => id),
      ['small'],
    )
    const messages = [{ role: 'user', content: 'Hi' }] as const
    const done = await openai().chat.completions.create({ model: 'small', messages: [...messages] })
    assert.equal(done.choices[0]!.message.content, 'Hello')
  })

  it('streams, to the end and not', async () => {
    let text = ''
    for await (const chunk of await askForStream()) text += chunk.choices[0]?.delta.content ?? ''
    assert.equal(text, 'Hello')
    for await (const _ of await askForStream()) break
  })

  it('tells a network error from a timeout', async () => {
    const refused = await openai({ baseURL: 'http://127.0.0.1:9/v1' })
      .models.list()
      .catch((error: unknown) => error)
    assert.ok(refused instanceof OpenAI.APIConnectionError)
    assert.ok(!(refused instanceof OpenAI.APIConnectionTimeoutError))
    const late = await openai({ baseURL: `${origin}/slow?`, timeout: 50 })
      .models.list()
      .catch((error: unknown) => error)
    assert.ok(late instanceof OpenAI.APIConnectionTimeoutError)
    await using impatient = new Client({ retry: false, timeout: { headers: 30 } })
    const ours = await openai({ baseURL: `${origin}/slow?`, fetch: createFetch(impatient) })
      .models.list()
      .catch((error: unknown) => error)
    assert.ok(ours instanceof OpenAI.APIConnectionTimeoutError)
  })
})

describe('@anthropic-ai/sdk', () => {
  it('creates and streams messages', async () => {
    const api = new Anthropic({ apiKey: 'key', baseURL: origin, fetch: platformFetch(), maxRetries: 0 })
    const ask = { model: 'x', max_tokens: 5, messages: [{ role: 'user' as const, content: 'Hi' }] }
    const message = await api.messages.create(ask)
    assert.deepEqual(
      message.content.map((block) => (block.type === 'text' ? block.text : '')),
      ['Hello'],
    )
    const stream = api.messages.stream(ask)
    assert.equal(await stream.finalText(), 'Hello')
    const texts: string[] = []
    for await (const event of await api.messages.create({ ...ask, stream: true }))
      if (event.type === 'content_block_delta' && event.delta.type === 'text_delta')
        texts.push(event.delta.text)
    assert.deepEqual(texts, ['Hel', 'lo'])
  })
})

describe('@octokit/request', () => {
  it('fills templates, sends fields, and throws', async () => {
    const api = octokit.defaults({ baseUrl: origin, request: { fetch: platformFetch() } })
    const { data, headers, status } = await api('GET /repos/{owner}/{repo}/issues', {
      owner: 'a',
      repo: 'b',
      state: 'open',
    })
    assert.equal(status, 200)
    assert.deepEqual(data, [{ number: 1, title: 'open' }])
    assert.equal(headers['x-ratelimit-remaining'], '9')
    await assert.rejects(api('GET /missing'), { name: 'HttpError', status: 404 })
  })
})

describe('p-retry', () => {
  it('sends again after a network error of ours, and not after another TypeError', async () => {
    const result = await pRetry(async () => (await fetch(`${origin}/drop`)).json(), {
      minTimeout: 1,
      retries: 3,
    })
    assert.equal(typeof (result as { count: number }).count, 'number')
    let attempts = 0
    const wrong = (): Promise<unknown> => {
      attempts++
      return fetch('/relative')
    }
    await assert.rejects(pRetry(wrong, { minTimeout: 1, retries: 3 }), TypeError)
    assert.equal(attempts, 1)
  })
})

describe('fetch-cookie', () => {
  it('keeps the cookies of a redirect that it follows by itself', async () => {
    const withCookies = fetchCookie(platformFetch())
    const seen = (await (await withCookies(`${origin}/login`)).json()) as { cookie: string }
    assert.equal(seen.cookie, 'session=1; theme=dark')
  })
})

describe('eventsource', () => {
  it('gives events, named and not', async () => {
    const source = new EventSource(`${origin}/events`, { fetch: platformFetch() })
    const events: string[] = []
    await new Promise<void>((resolve) => {
      source.addEventListener('message', ({ data }) => void events.push(data as string))
      source.addEventListener('named', ({ data }) => {
        events.push(data as string)
        resolve()
      })
    })
    source.close()
    assert.deepEqual(events, ['one', 'two'])
  })
})

describe('hono', () => {
  it('proxies requests and answers, by the global fetch', async () => {
    const { Hono } = await untyped<{ Hono: new () => Hono }>('hono')
    const { proxy } = await untyped<{ proxy: (url: string, init: object) => Promise<Response> }>('hono/proxy')
    const undo = install(client)
    try {
      const app = new Hono()
      app.all('/*', (context) => {
        const { pathname, search } = new URL(context.req.url)
        return proxy(origin + pathname + search, {
          ...context.req,
          headers: { ...context.req.header(), 'x-by': 'hono' },
        })
      })
      const response = await app.request('/echo?q=1', { method: 'POST', body: 'text' })
      const seen = (await response.json()) as { url: string; body: string; headers: Record<string, string> }
      assert.equal(seen.url, '/echo?q=1')
      assert.equal(seen.body, 'text')
      assert.equal(seen.headers['x-by'], 'hono')
      const missing = await app.request('/missing')
      assert.equal(missing.status, 404)
      await missing.text()
    } finally {
      undo()
    }
  })
})

interface Postgrest {
  from(table: string): {
    select(columns: string, options: object): PromiseLike<{ data: unknown; count: number }>
  }
}

describe('@supabase/postgrest-js', () => {
  it('selects rows and counts them', async () => {
    const { PostgrestClient } = await untyped<{
      PostgrestClient: new (url: string, options: object) => Postgrest
    }>('@supabase/postgrest-js')
    const api = new PostgrestClient(`${origin}/rest`, { fetch: platformFetch() })
    const { data, count } = await api.from('table').select('*', { count: 'exact' })
    assert.deepEqual(data, [{ id: 1 }])
    assert.equal(count, 1)
  })
})

interface AI {
  generateText(options: object): Promise<{ text: string }>
  streamText(options: object): { readonly textStream: AsyncIterable<string> }
}

describe('ai, with a provider that speaks as OpenAI does', () => {
  it('generates and streams text, and knows what may be asked again', async () => {
    const { createOpenAICompatible } = await untyped<{
      createOpenAICompatible: (options: object) => (model: string) => unknown
    }>('@ai-sdk/openai-compatible')
    const ai = await untyped<AI>('ai')
    const make = (baseURL: string): unknown =>
      createOpenAICompatible({ name: 'x', baseURL, fetch: platformFetch() })('small')
    const model = make(`${origin}/v1`)
    assert.equal((await ai.generateText({ model, prompt: 'Hi' })).text, 'Hello')
    let text = ''
    for await (const piece of ai.streamText({ model, prompt: 'Hi' }).textStream) text += piece
    assert.equal(text, 'Hello')
    const nowhere = ai.generateText({ model: make('http://127.0.0.1:9/v1'), prompt: 'Hi', maxRetries: 0 })
    await assert.rejects(nowhere, { name: 'AI_APICallError', isRetryable: true })
  })
})

interface S3 {
  send(
    command: object,
  ): Promise<{ readonly ETag?: string; readonly Body?: { transformToString(): Promise<string> } }>
}
type Made<T> = new (options: object) => T

describe('@aws-sdk/client-s3 with its fetch handler', () => {
  it('puts and gets an object, by the global fetch', async () => {
    const sdk = await untyped<
      Record<'S3Client', Made<S3>> & Record<'GetObjectCommand' | 'PutObjectCommand', Made<object>>
    >('@aws-sdk/client-s3')
    const { FetchHttpHandler } = await untyped<{ FetchHttpHandler: new () => object }>(
      '@smithy/fetch-http-handler',
    )
    const undo = install(client)
    try {
      const s3 = new sdk.S3Client({
        endpoint: origin,
        forcePathStyle: true,
        region: 'us-east-1',
        credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
        requestHandler: new FetchHttpHandler(),
      })
      const at = { Bucket: 'bucket', Key: 'key' }
      assert.equal((await s3.send(new sdk.PutObjectCommand({ ...at, Body: 'text' }))).ETag, '"1"')
      const got = await s3.send(new sdk.GetObjectCommand(at))
      assert.equal(await got.Body!.transformToString(), 'object')
    } finally {
      undo()
    }
  })
})

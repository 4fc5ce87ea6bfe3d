// Makes docs/failures.md: provokes what goes wrong for new users most often, for real, and shows what they are told. Ports, times
// and what differs between versions of OpenSSL are made equal from run to run.
//
// `npm run docs` writes the page; `test/errors/failures.test.ts` holds each failure to what every error has to say.

import {
  HTTPConnection,
  type HTTPConnectionOptions,
  HTTPException,
  HTTPSConnection,
} from '../../src/index.ts'
import { connectError } from '../../src/io/map-errors.ts'
import * as httplib from '../../src/python/index.ts'
import { latin1 } from './bytes.ts'
import { type RawServer, type RawServerOptions, type Script, startRawServer } from './raw-server.ts'
import { TestProxy } from './test-proxy.ts'
import { ca, expired, type KeyPair, selfSigned, server as valid, wrongHost } from './tls-fixture.ts'

/** One thing that goes wrong. */
export interface Failure {
  readonly title: string
  /** The program, shortened: what stands on the page. */
  readonly program: string
  /** True where an exchange fails; false for a call that is refused before there is one. */
  readonly isExchange: boolean
  /** Does what the program does; rejects. */
  readonly run: () => Promise<unknown>
}

/** What a message must not show. */
export const SECRET = 'hunter2'
const TARGET = `/items?token=${SECRET}`

// ----------------------------------------------------------------------------------------------- the servers

const ok: Script = async (peer) => {
  while ((await peer.until('\r\n\r\n').catch(() => undefined)) !== undefined)
    await peer.reply(latin1('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'))
  peer.close()
}

/** Answers the first request with `text`, and then does as `then` says. */
const answering =
  (text: string, then: 'closes' | 'resets' | 'waits' = 'waits'): Script =>
  async (peer) => {
    await peer.until('\r\n\r\n').catch(() => undefined)
    if (text !== '') await peer.reply(latin1(text))
    if (then === 'closes') peer.close()
    if (then === 'resets') peer.socket.resetAndDestroy()
  }

async function withServer(
  script: Script,
  run: (port: number) => Promise<unknown>,
  options?: RawServerOptions,
): Promise<void> {
  await using server: RawServer = await startRawServer(script, options)
  ports.set(server.port, options?.tls === undefined ? 8080 : 8443)
  await run(server.port)
}

async function withPort(run: (port: number) => Promise<unknown>): Promise<void> {
  let port = 0
  await withServer(ok, (free) => {
    port = free
    return Promise.resolve()
  })
  ports.set(port, 8081)
  await run(port)
}

/** The ports of this run, and those that are shown. */
const ports = new Map<number, number>()

// ---------------------------------------------------------------------------------------------- the programs

/** GET, and the head of its response. */
async function get(connection: HTTPConnection): Promise<void> {
  await using conn = connection
  await conn.request('GET', TARGET, undefined, { Authorization: SECRET })
  await conn.getResponse()
}

const getFrom =
  (options?: HTTPConnectionOptions) =>
  (port: number): Promise<void> =>
    get(new HTTPConnection('127.0.0.1', port, options))

const getFromServer = (script: Script, options?: HTTPConnectionOptions) => (): Promise<void> =>
  withServer(script, getFrom(options))

/** GET over TLS, from a server that shows a certificate. */
const getFromCertificate = (pair: KeyPair, trusted: string | undefined) => (): Promise<void> =>
  withServer(
    () => {},
    (port) =>
      get(new HTTPSConnection('localhost', port, trusted === undefined ? {} : { tls: { ca: trusted } })),
    { tls: { ...pair } },
  )

async function getThrough(port: number): Promise<void> {
  const connection = new HTTPSConnection('127.0.0.1', port)
  connection.setTunnel('api.example', 443)
  await get(connection)
}

/** A connection on which a response was answered and not read. */
const onOpen =
  (run: (conn: HTTPConnection) => Promise<unknown>, script: Script = ok) =>
  (): Promise<void> =>
    withServer(script, async (port) => {
      await using conn = new HTTPConnection('127.0.0.1', port)
      await conn.request('GET', TARGET)
      await run(conn)
    })

/** What throws at once, as a promise. */
const atOnce = (run: () => unknown) => async (): Promise<void> => {
  await run()
}

const ERROR_PAGE =
  'HTTP/1.1 401 Unauthorized\r\nContent-Type: text/html\r\nContent-Length: 41\r\n\r\n<h1>Log in first</h1><a href="/login">Go.'

/** What goes wrong for new users, by where it goes wrong. */
export const FAILURES: Readonly<Record<string, readonly Failure[]>> = {
  'No connection': [
    {
      title: 'No server listens there',
      program: "await conn.request('GET', '/items?token=…')",
      isExchange: true,
      run: () => withPort(getFrom()),
    },
    {
      title: 'The name does not exist',
      program: "new HTTPConnection('api.exmaple')",
      isExchange: true,
      run: () => {
        const cause = Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' })
        return get(
          new HTTPConnection('api.exmaple', 80, { lookup: (_host, _options, done) => done(cause, []) }),
        )
      },
    },
    {
      title: 'localhost, and no server listens on either of its addresses',
      program: "new HTTPConnection('localhost', 8081)",
      isExchange: true,
      run: () => {
        const error = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
        const attempts = ['[::1]:8081', '127.0.0.1:8081'].map((address) => ({ address, error }))
        const connect = (): Promise<never> => Promise.reject(connectError('localhost:8081', attempts))
        return get(new HTTPConnection('localhost', 8081, { connect }))
      },
    },
    {
      title: 'connect() to where no server listens',
      program: 'await conn.connect()',
      isExchange: true,
      run: () =>
        withPort(async (port) => {
          await using conn = new HTTPConnection('127.0.0.1', port)
          await conn.connect()
        }),
    },
  ],
  TLS: [
    {
      title: 'The certificate has expired',
      program: "new HTTPSConnection('localhost', 8443, { tls: { ca } })",
      isExchange: true,
      run: getFromCertificate(expired, ca),
    },
    {
      title: 'The certificate is for another host',
      program: "new HTTPSConnection('localhost', 8443, { tls: { ca } })",
      isExchange: true,
      run: getFromCertificate(wrongHost, ca),
    },
    {
      title: 'The certificate is signed by itself',
      program: "new HTTPSConnection('localhost', 8443, { tls: { ca } })",
      isExchange: true,
      run: getFromCertificate(selfSigned, ca),
    },
    {
      title: 'The certificate is signed by an authority that is not trusted',
      program: "new HTTPSConnection('localhost', 8443)",
      isExchange: true,
      run: getFromCertificate(valid, undefined),
    },
    {
      title: 'HTTPS to a port for HTTP',
      program: "new HTTPSConnection('localhost', 8080)",
      isExchange: true,
      run: () =>
        withServer(
          async (peer) => {
            await peer.reply(latin1('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n'))
            peer.close()
          },
          (port) => get(new HTTPSConnection('localhost', port)),
        ),
    },
    {
      title: 'HTTP to a port for HTTPS',
      program: "new HTTPConnection('127.0.0.1', 8443)",
      isExchange: true,
      run: () => withServer(() => {}, getFrom(), { tls: { ...valid } }),
    },
  ],
  Timeouts: [
    {
      title: 'The response does not come',
      program: 'new HTTPConnection(host, 8080, { timeout: { headers: 50 } })',
      isExchange: true,
      run: getFromServer(answering(''), { timeout: { headers: 50 } }),
    },
    {
      title: 'The body stops coming',
      program: 'new HTTPConnection(host, 8080, { timeout: { body: 50 } }); … await response.read()',
      isExchange: true,
      run: () =>
        withServer(answering('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf'), async (port) => {
          await using conn = new HTTPConnection('127.0.0.1', port, { timeout: { body: 50 } })
          await conn.request('GET', TARGET)
          await (await conn.getResponse()).read()
        }),
    },
    {
      title: 'All of it takes too long',
      program: 'new HTTPConnection(host, 8080, { timeout: { total: 50 } })',
      isExchange: true,
      run: getFromServer(answering(''), { timeout: { total: 50 } }),
    },
    {
      title: 'The proxy does not answer',
      program:
        "new HTTPSConnection(proxy, 3128, { timeout: { connect: 50 } }); conn.setTunnel('api.example')",
      isExchange: true,
      run: () =>
        withServer(answering(''), (port) => {
          ports.set(port, 3128)
          const conn = new HTTPSConnection('127.0.0.1', port, { timeout: { connect: 50 } })
          conn.setTunnel('api.example')
          return get(conn)
        }),
    },
  ],
  Proxies: [
    {
      title: 'The proxy wants to know who you are',
      program: "conn.setTunnel('api.example', 443)",
      isExchange: true,
      run: async () => {
        await using proxy = await TestProxy.start({ authorization: `Basic ${SECRET}` })
        ports.set(proxy.port, 3128)
        await getThrough(proxy.port)
      },
    },
    {
      title: 'The proxy is down',
      program: "conn.setTunnel('api.example', 443)",
      isExchange: true,
      run: () =>
        withPort((port) => {
          ports.set(port, 3128)
          return getThrough(port)
        }),
    },
    {
      title: 'It is no proxy, but a web server',
      program: "conn.setTunnel('api.example', 443)",
      isExchange: true,
      run: () =>
        withServer(answering('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n', 'closes'), (port) => {
          ports.set(port, 3128)
          return getThrough(port)
        }),
    },
    {
      title: 'It speaks no HTTP',
      program: "conn.setTunnel('api.example', 443)",
      isExchange: true,
      run: () =>
        withServer(answering('SSH-2.0-OpenSSH_9.2\r\n', 'closes'), (port) => {
          ports.set(port, 3128)
          return getThrough(port)
        }),
    },
  ],
  'What the server sends': [
    {
      title: 'It closes the connection without a response',
      program: 'await conn.getResponse()',
      isExchange: true,
      run: getFromServer(answering('', 'closes')),
    },
    {
      title: 'It resets the connection',
      program: 'await conn.getResponse()',
      isExchange: true,
      run: getFromServer(answering('', 'resets')),
    },
    {
      title: 'It sends a malformed response',
      program: 'await conn.getResponse()',
      isExchange: true,
      run: getFromServer(answering('HTTP/1.1 200 OK\r\nContent-Type text/html\r\n\r\n')),
    },
    {
      title: 'It speaks another protocol',
      program: 'await conn.getResponse()',
      isExchange: true,
      run: getFromServer(answering('SSH-2.0-OpenSSH_9.2\r\n')),
    },
    {
      title: 'It cuts the body short',
      program: 'await response.text()',
      isExchange: true,
      run: onOpen(
        async (conn) => (await conn.getResponse()).text(),
        answering('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf', 'closes'),
      ),
    },
    {
      title: 'It sends an error page, where JSON was expected',
      program: 'await response.json()',
      isExchange: true,
      run: onOpen(async (conn) => (await conn.getResponse()).json(), answering(ERROR_PAGE)),
    },
  ],
  'The order of calls': [
    {
      title: 'The response before was not read',
      program: "await conn.getResponse(); await conn.request('GET', '/next')",
      isExchange: false,
      run: onOpen(async (conn) => {
        await conn.getResponse()
        await conn.request('GET', '/next')
      }),
    },
    {
      title: 'The response before was not asked for',
      program: "await conn.request('GET', '/items'); await conn.request('GET', '/next')",
      isExchange: false,
      run: onOpen((conn) => conn.request('GET', '/next')),
    },
    {
      title: 'A response is asked for before the request',
      program: 'await conn.getResponse()',
      isExchange: false,
      run: () => new HTTPConnection('127.0.0.1').getResponse(),
    },
    {
      title: 'The response before was not read, in httplib-ts/python',
      program: "await conn.getresponse(); await conn.request('GET', '/next'); await conn.getresponse()",
      isExchange: false,
      run: () =>
        withServer(ok, async (port) => {
          await using conn = new httplib.HTTPConnection('127.0.0.1', port)
          await conn.request('GET', TARGET)
          await conn.getresponse()
          await conn.request('GET', '/next')
          await conn.getresponse()
        }),
    },
    {
      title: 'A body is read twice',
      program: 'await response.text(); await response.json()',
      isExchange: true,
      run: onOpen(async (conn) => {
        const response = await conn.getResponse()
        await response.text()
        await response.json()
      }),
    },
  ],
  'What is not sent': [
    {
      title: 'An object as the body',
      program: "await conn.request('POST', '/items', { a: 1 })",
      isExchange: false,
      run: () => new HTTPConnection('127.0.0.1').request('POST', '/items', { a: 1 } as unknown as string),
    },
    {
      title: 'A body that is shorter than its Content-Length',
      program: "await conn.request('POST', '/items', 'four', { 'Content-Length': 9 })",
      isExchange: false,
      run: () => new HTTPConnection('127.0.0.1').request('POST', '/items', 'four', { 'Content-Length': 9 }),
    },
    {
      title: 'A source that ends before its Content-Length',
      program: "await conn.request('POST', '/items', generator(), { 'Content-Length': 9 })",
      isExchange: true,
      run: () =>
        withServer(ok, async (port) => {
          await using conn = new HTTPConnection('127.0.0.1', port)
          await conn.request('POST', TARGET, pieces(), { 'Content-Length': 9 })
        }),
    },
    {
      title: 'A name and a password in the target',
      program: "await conn.request('GET', 'http://me:…@api.example/')",
      isExchange: false,
      run: () => new HTTPConnection('127.0.0.1').request('GET', `http://me:${SECRET}@api.example/`),
    },
    {
      title: 'A line break in a header field',
      program: "await conn.request('GET', '/', undefined, { 'X-Note': 'a\\r\\nb' })",
      isExchange: false,
      run: () =>
        new HTTPConnection('127.0.0.1').request('GET', '/', undefined, { 'X-Note': `a\r\n${SECRET}` }),
    },
    {
      title: 'null for the headers',
      program: "await conn.request('GET', '/', undefined, null)",
      isExchange: false,
      run: () => new HTTPConnection('127.0.0.1').request('GET', '/', undefined, null as unknown as undefined),
    },
    {
      title: 'A URL in the place of the host',
      program: "new HTTPConnection('http://api.example:8080/items')",
      isExchange: false,
      run: atOnce(() => new HTTPConnection('http://api.example:8080/items')),
    },
    {
      title: 'Options in the place of the port',
      program: "new HTTPConnection('api.example', { timeout: 5_000 })",
      isExchange: false,
      run: atOnce(() => new HTTPConnection('api.example', { timeout: 5_000 } as unknown as number)),
    },
  ],
}

async function* pieces(): AsyncGenerator<string> {
  yield await Promise.resolve('four')
}

// -------------------------------------------------------------------------------------------------- the page

/** What a failure rejects with. */
export async function provoke({ title, run }: Failure): Promise<Error> {
  try {
    await run()
  } catch (error) {
    if (error instanceof Error) return error
  }
  throw new Error(`this did not fail: ${title}`)
}

/** The message as it is in every run. */
function normalise(message: string): string {
  return message
    .replace(/:(\d+)\b/g, (whole, port: string) => {
      const shown = ports.get(Number(port))
      return shown === undefined ? whole : `:${shown}`
    })
    .replace(/after \d+ ms/g, 'after 52 ms')
    .replace('ERR_SSL_PACKET_LENGTH_TOO_LONG', 'ERR_SSL_WRONG_VERSION_NUMBER')
}

/** Lines of up to `width` characters, broken at blanks. */
function wrap(text: string, width = 110): string {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line].join('\n')
}

async function section(failure: Failure): Promise<string> {
  const error = await provoke(failure)
  const what = HTTPException.isHTTPException(error) ? `code \`${error.code}\`` : 'a wrong type'
  const text = wrap(`${error.name}: ${normalise(error.message)}`)
  return `### ${failure.title}\n\n\`${failure.program}\` (${what}):\n\n\`\`\`text\n${text}\n\`\`\`\n`
}

/** The page, made of what every failure prints. */
export async function failuresPage(): Promise<string> {
  const parts: string[] = []
  for (const [name, failures] of Object.entries(FAILURES)) {
    parts.push(`## ${name}\n`)
    for (const failure of failures) parts.push(await section(failure))
  }
  return `<!-- Made by \`npm run docs\`: test/support/failures.ts provokes each failure. Change the messages, not this page. -->

# What an error looks like

What goes wrong for new users most often, and what they are told. An error of an exchange says what happened, to which request (method,
origin and path: no query, no credentials), in which phase and after which time, and what to try. The lines of the program
that waited stand in its stack. Classes, codes and properties are in [errors.md](errors.md).

Each of these was provoked to make this page. The ports are 8080 for a server, 8443 for one with TLS, 8081 for none, 3128 for a
proxy; times are made equal. A certificate error repeats its fingerprint so that it can be pasted.

${parts.join('\n')}`
}

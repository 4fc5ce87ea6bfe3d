// Credentials that are handed over at a door are in nothing that comes out of it but the request: no message, no stack, no
// cause, no fact of an error, no line of the trace, nothing that the command writes. In any form: as they were given,
// percent-encoded, in Base64, or a part of them.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import { readTarget } from '../../../src/cli/request/target.ts'
import { hideSecrets } from '../../../src/cli/tell/failure.ts'
import { HTTPConnection } from '../../../src/index.ts'
import * as httplib from '../../../src/python/index.ts'
import { checkOpenHandles } from '../../support/open-handles.ts'
import { runInside } from './commands.ts'
import { Stage } from './stage.ts'

checkOpenHandles()

// Each holds what is looked for, at both sides of a character that ends something somewhere.
// biome-ignore format: a table
const PASSWORDS = [
  'hunter2', 'hun:hunter2', 'hunter2/hunter2', 'hunter2?hunter2', 'hunter2#hunter2', 'hunter2@hunter2', 'hunter2\\hunter2',
  'hunter2 hunter2', 'hunter2%hunter2', 'hunter2%40hunter2', 'hunter2[hunter2', 'hunter2\r\nhunter2', 'hunter2\u010ahunter2',
]

function shows(text: string): boolean {
  return /hunter2|aHVudGVyM|h%75nter2/i.test(text) || /hunter2/.test(decodeBase64(text))
}

/** Every word that may be Base64, decoded. */
function decodeBase64(text: string): string {
  return (text.match(/[A-Za-z0-9+/]{8,}=*/g) ?? [])
    .map((word) => Buffer.from(word, 'base64').toString())
    .join('\n')
}

/** Everything that can be seen of an error, with its causes. */
function seenOf(error: unknown): string {
  let seen = ''
  for (let at = error; at instanceof Error; at = at.cause)
    seen += `${at.message}\n${at.stack}\n${JSON.stringify(at)}\n${inspect(at, { depth: 9, showHidden: true })}\n`
  return seen
}

async function errorOf(call: () => unknown): Promise<unknown> {
  try {
    await call()
  } catch (error) {
    return error
  }
  return undefined
}

describe('the credentials', () => {
  for (const password of PASSWORDS) {
    const shown = JSON.stringify(password)
    const userinfo = `me:${password}`
    const doors: Readonly<Record<string, (stage: Stage, trace: string[]) => unknown>> = {
      'the host of a connection': () => new HTTPConnection(`${userinfo}@origin.test`),
      'the host of a connection, with a port': () => new HTTPConnection(`${userinfo}@origin.test`, 80),
      'a URL for a host': () => new HTTPConnection(`http://${userinfo}@origin.test/`),
      'the host of a tunnel': (stage) =>
        new HTTPConnection('a', 80, stage.connection).setTunnel(`${userinfo}@origin.test`, 443),
      'an absolute target': (stage) =>
        new HTTPConnection('a', 80, stage.connection).request('GET', `http://${userinfo}@origin.test/`),
      'the target of a CONNECT': (stage) =>
        new HTTPConnection('a', 80, stage.connection).request('CONNECT', `${userinfo}@origin.test:443`),
      'the fields of a request': (stage, trace) => {
        const connection = new HTTPConnection('a', 80, {
          ...stage.connection,
          debug: (line) => trace.push(line),
        })
        connection.setDebugLevel(1)
        return connection.request('GET', '/', undefined, { Authorization: userinfo, Cookie: userinfo })
      },
      'the fields of a tunnel': (stage, trace) => {
        const connection = new HTTPConnection('a', 80, {
          ...stage.connection,
          debug: (line) => trace.push(line),
        })
        connection.setDebugLevel(1)
        connection.setTunnel('inner.test', 443, { 'proxy-authorization': userinfo })
        return connection.connect()
      },
      'the host of Python': () => new httplib.HTTPConnection(`${userinfo}@origin.test`),
      'the tunnel of Python': async (stage) => {
        const connection = new httplib.HTTPConnection('a', 80, 0, stage.connection)
        connection.set_tunnel(`${userinfo}@origin.test`, 443, { 'Proxy-Authorization': userinfo })
        await connection.connect()
      },
      'the URL of Python': (stage) =>
        new httplib.HTTPConnection('a', 80, 0, stage.connection).request(
          'GET',
          `http://${userinfo}@origin.test/`,
        ),
      'the header of Python': (stage) =>
        new httplib.HTTPConnection('a', 80, 0, stage.connection).request('GET', '/', null, {
          Authorization: userinfo,
        }),
      'the URL of the command': () =>
        readTarget(`http://${userinfo}@origin.test:99999/`, {
          defaultScheme: 'http',
          schemes: ['http'],
          isPathAsIs: false,
        }),
    }
    for (const [door, call] of Object.entries(doors)) {
      it(`${shown} in ${door} are in no error and no trace`, async () => {
        const trace: string[] = []
        // What answers is no proxy that gives a tunnel, and no other error can come about.
        const error = await errorOf(() => call(new Stage(), trace))
        const seen = `${seenOf(error)}${trace.join('\n')}`
        assert.ok(!shows(seen), seen)
      })
    }

    it(`${shown} are in nothing that the command writes`, async () => {
      for (const words of [
        [`http://${userinfo}@127.0.0.1:99999/`],
        [`http://${userinfo}@[::1/`],
        ['-x', `http://${userinfo}@127.0.0.1:99999`, 'http://127.0.0.1/'],
        ['-x', `${userinfo}@127.0.0.1:x`, 'http://127.0.0.1/'],
        ['-u', password, 'http://127.0.0.1:1/'],
        ['-u', userinfo, '-v', `http://127.0.0.1:${await closedPort()}/`],
        ['-H', `Authorization: ${userinfo}\r\n x`, '-v', `http://127.0.0.1:${await closedPort()}/`],
      ]) {
        const { code, stderr } = await runInside(words)
        assert.notEqual(code, 0)
        assert.ok(!shows(stderr), `${JSON.stringify(words)}: ${stderr}`)
      }
    })
  }
})

describe('hideSecrets', () => {
  it('shows nothing that stands before the last @, and no query', () => {
    for (const password of PASSWORDS) {
      for (const url of [
        `http://me:${password}@host/path`,
        `me:${password}@host`,
        `http://host/?token=${password}`,
      ])
        assert.ok(!shows(hideSecrets(url)), hideSecrets(url))
    }
  })

  it('leaves the rest to be recognised', () => {
    assert.equal(hideSecrets('http://host:x/path'), 'http://host:x/path')
    assert.equal(hideSecrets('http://host:x/path?q#f'), 'http://host:x/path')
    assert.equal(hideSecrets('http://me:it@host:x/path'), 'http://host:x/path')
  })
})

/** A port of this machine at which nobody listens. */
async function closedPort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as net.AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

// Opening a connection on the network itself, without a connector of the caller's: close(), an abort and the timeout of the whole
// end it in each of its phases, and nothing is left of it.

import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { describe, it } from 'node:test'
import type { HTTPConnectionOptions } from '../../src/connection/options.ts'
import { HTTPConnection, HTTPSConnection } from '../../src/index.ts'
import type { Lookup } from '../../src/io/dial.ts'
import { outcomeOf, rejectionOf } from '../support/memory-connection.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { startRawServer } from '../support/raw-server.ts'
import { openAttempts, SilentListener } from '../support/silent-listener.ts'

checkOpenHandles()

interface Place extends AsyncDisposable {
  readonly connection: HTTPConnection
  /** Answers what the phase waits for, where that can be done late. */
  readonly answer?: () => void
  /** How many connections the server was given. */
  readonly accepted?: () => number
}

const unanswered: Lookup = () => {}

const PHASES: Readonly<Record<string, (options: HTTPConnectionOptions) => Promise<Place>>> = {
  'the look-up': async (options) => {
    let accepted = 0
    const server = await startRawServer(() => void accepted++)
    const answers: (() => void)[] = []
    const lookup: Lookup = (_host, _asked, done) => {
      answers.push(() => done(null, [{ address: '127.0.0.1', family: 4 }]))
    }
    return {
      connection: new HTTPConnection('name.test', server.port, { ...options, lookup }),
      answer: () => answers[0]?.(),
      accepted: () => accepted,
      [Symbol.asyncDispose]: () => server.close(),
    }
  },
  connecting: async (options) => {
    const listener = await SilentListener.start('127.0.0.4')
    return {
      connection: new HTTPConnection('127.0.0.4', listener.port, options),
      [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose](),
    }
  },
  'the handshake': async (options) => {
    const server = await startRawServer(() => {})
    return {
      connection: new HTTPSConnection('127.0.0.1', server.port, options),
      [Symbol.asyncDispose]: () => server.close(),
    }
  },
}

const moment = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 50))

/** What is begun and not settled after a moment, in a list so that it is not awaited. */
async function begun(connection: HTTPConnection, signal?: AbortSignal): Promise<[Promise<void>]> {
  const request = connection.request('GET', '/', undefined, undefined, { signal })
  await outcomeOf(request)
  await moment()
  return [request]
}

for (const [phase, arrange] of Object.entries(PHASES)) {
  describe(`a connection that is being opened: ${phase}`, () => {
    it('is given up by close(), and what comes late opens nothing', async () => {
      await using place = await arrange({})
      const { connection, answer, accepted } = place
      const [request] = await begun(connection)
      connection.close()
      assert.equal(((await rejectionOf(request)) as { code?: string }).code, 'CONNECTION_CLOSED')
      assert.equal(connection.state, 'idle')
      answer?.()
      await moment()
      assert.equal(accepted?.() ?? 0, 0)
      assert.equal(openAttempts(), 0)
    })

    it('is given up by an abort, with its reason, and leaves no listener', async () => {
      await using place = await arrange({})
      const { connection, answer, accepted } = place
      const controller = new AbortController()
      const [request] = await begun(connection, controller.signal)
      const reason = new Error('enough')
      controller.abort(reason)
      assert.equal(await rejectionOf(request), reason)
      assert.equal(getEventListeners(controller.signal, 'abort').length, 0)
      answer?.()
      await moment()
      assert.equal(accepted?.() ?? 0, 0)
      assert.equal(openAttempts(), 0)
    })

    it('is given up when the time of the whole is over', async () => {
      await using place = await arrange({ timeout: { total: 80 } })
      const error = await rejectionOf(place.connection.request('GET', '/'))
      const { code, timeoutMs } = error as { code?: string; timeoutMs?: number }
      assert.deepEqual([code, timeoutMs], ['TIMEOUT_TOTAL', 80])
      await moment()
      assert.equal(openAttempts(), 0)
    })
  })
}

describe('a look-up that closes the connection', () => {
  it('while it is asked, opens nothing', async () => {
    const connection = new HTTPConnection('name.test', 1, {
      lookup: (_host, _asked, done) => {
        connection.close()
        done(null, [{ address: '127.0.0.1', family: 4 }])
      },
    })
    const error = await rejectionOf(connection.request('GET', '/'))
    assert.equal((error as { code?: string }).code, 'CONNECTION_CLOSED')
    assert.equal(openAttempts(), 0)
  })

  it('leaves it usable: the next request opens it again', async () => {
    await using server = await startRawServer(async (peer) => {
      await peer.until('\r\n\r\n')
      await peer.reply(Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'))
    })
    let asked = 0
    const connection = new HTTPConnection('name.test', server.port, {
      lookup: (host, options, done) => {
        if (asked++ === 0) unanswered(host, options, done)
        else done(null, [{ address: '127.0.0.1', family: 4 }])
      },
    })
    const [first] = await begun(connection)
    connection.close()
    await rejectionOf(first)
    await connection.request('GET', '/')
    assert.equal(await (await connection.getResponse()).text(), 'ok')
    connection.close()
  })
})

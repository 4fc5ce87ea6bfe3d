// SOCKS byte by byte, by the figures of RFC 1928 and RFC 1929, on a stream in memory: what is written, how replies are read
// however they are cut, and that every failure gives the stream back.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ConnectError, HTTPException, ProxyError, TimeoutError } from '../../src/errors/index.ts'
import { converse } from '../../src/transport/socks.ts'
import {
  type SocksCredentials,
  type SocksTalk,
  talkSocks4,
  talkSocks5,
} from '../../src/transport/socks-talk.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { outcomeOf } from '../support/memory-connection.ts'
import { MemoryStream } from '../support/memory-stream.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { rejectionAs } from '../support/rejection.ts'

checkOpenHandles()

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')

interface Setting {
  readonly stream: MemoryStream
  readonly clock: ManualClock
  readonly signal: AbortController
  readonly done: Promise<void>
}

function begin(talk: SocksTalk): Setting {
  const stream = new MemoryStream('proxy.test:1080')
  const clock = new ManualClock()
  const signal = new AbortController()
  const timeouts = { dns: 1_000, connect: 5_000, tls: 1_000 }
  const waiting = { clock, timeouts, endsAt: Infinity, totalMs: Infinity, signal: signal.signal }
  return { stream, clock, signal, done: converse(stream, talk, waiting) }
}

function talk5(host: string, port: number, credentials?: SocksCredentials): Setting {
  return begin(talkSocks5({ host, port }, credentials, 'proxy.test:1080'))
}

const GRANTED = hex('05 00 00 01 7f000001 1234')

describe('a SOCKS5 handshake', () => {
  for (const [host, port, request] of [
    ['example.test', 80, `05 01 00 03 0c ${Buffer.from('example.test').toString('hex')} 0050`],
    ['192.0.2.7', 8080, '05 01 00 01 c0000207 1f90'],
    ['::1', 443, '05 01 00 04 00000000000000000000000000000001 01bb'],
    ['2001:db8::192.0.2.7', 1, '05 01 00 04 20010db80000000000000000c0000207 0001'],
    ['fe80::1%eth0', 1, '05 01 00 04 fe800000000000000000000000000001 0001'],
  ] as const) {
    it(`asks for ${host} [1928-3-1, 1928-4-1, 1928-5-1]`, async () => {
      const { stream, done } = talk5(host, port)
      assert.deepEqual(stream.takeWritten(), hex('05 01 00'))
      stream.receive(hex('05 00'))
      assert.deepEqual(stream.takeWritten(), hex(request))
      stream.receive(GRANTED)
      await done
      assert.deepEqual(stream.calls, ['pause'])
      assert.equal(stream.takeWritten().length, 0)
    })
  }

  it('offers a password only where there is one, and sends it in bytes of UTF-8 [1928-3-1, 1928-3-4, 1928-3-5, 1929-2-1]', async () => {
    const { stream, done } = talk5('a.test', 80, { user: 'Ada', password: 'größer' })
    assert.deepEqual(stream.takeWritten(), hex('05 02 00 02'))
    stream.receive(hex('05 02'))
    assert.deepEqual(stream.takeWritten(), hex('01 03 416461 08 6772c3b6c39f6572'))
    stream.receive(hex('01 00'))
    assert.deepEqual(stream.takeWritten(), hex('05 01 00 03 06 612e74657374 0050'))
    stream.receive(GRANTED)
    await done
  })

  it('asks at once where the proxy does not want to know who we are [1928-3-4]', async () => {
    const { stream, done } = talk5('a.test', 80, { user: 'a', password: 'b' })
    stream.takeWritten()
    stream.receive(hex('05 00'))
    assert.deepEqual(stream.takeWritten(), hex('05 01 00 03 06 612e74657374 0050'))
    stream.receive(GRANTED)
    await done
  })

  it('reads replies of every type of address, however they are cut [1928-6-1]', async () => {
    for (const address of ['01 c0000207', '04 20010db8000000000000000000000001', '03 04 6e616d65', '03 00']) {
      const reply = Buffer.concat([hex('05 00 00'), hex(address), hex('1234')])
      for (let cut = 1; cut < reply.length; cut++) {
        const { stream, done } = talk5('a.test', 80)
        stream.receive(hex('05 00'), [1])
        stream.receive(reply, [cut])
        await done
      }
    }
  })

  it('writes nothing more before the whole reply is there [1928-6-3]', async () => {
    const { stream, done } = talk5('a.test', 80)
    stream.receive(hex('05 00'))
    stream.takeWritten()
    stream.receive(GRANTED.subarray(0, -1))
    assert.equal((await outcomeOf(done)).state, 'pending')
    assert.equal(stream.written.length, 0)
    stream.receive(GRANTED.subarray(-1))
    await done
  })

  it('refuses a name of more than 255 bytes before anything is written [1928-5-1]', async () => {
    const { stream, done } = talk5('a'.repeat(256), 80)
    await rejectionAs(done, ConnectError)
    assert.equal(stream.written.length, 0)
    assert.ok(stream.isClosed)
  })

  const WORDS: readonly [code: number, words: RegExp][] = [
    [1, /general failure/],
    [2, /not allowed/],
    [3, /network unreachable/],
    [4, /host unreachable/],
    [5, /connection refused/],
    [6, /TTL expired/],
    [7, /command not supported/],
    [8, /address type not supported/],
    [9, /unknown reply 9/],
    [255, /unknown reply 255/],
  ]
  for (const [code, words] of WORDS) {
    it(`that ends with reply ${code} says so, whatever follows it [1928-6-2]`, async () => {
      for (const rest of ['', '00 01 00000000 0000']) {
        const { stream, done } = talk5('a.test', 80)
        stream.receive(hex('05 00'))
        stream.receive(Buffer.concat([Buffer.from([5, code]), hex(rest)]))
        const error = await rejectionAs(done, ProxyError)
        assert.equal(error.code, 'SOCKS_REFUSED')
        assert.equal(error.reply, code)
        assert.match(error.message, words)
        assert.equal(error.address, 'proxy.test:1080')
        assert.ok(stream.isClosed)
      }
    })
  }

  it('ends where the proxy takes none of our methods, and writes nothing more [1928-3-2]', async () => {
    for (const [credentials, words] of [
      [undefined, /who you are/],
      [{ user: 'a', password: 'b' }, /takes no user and password/],
    ] as const) {
      const { stream, done } = talk5('a.test', 80, credentials)
      stream.takeWritten()
      stream.receive(hex('05 ff'))
      assert.match((await rejectionAs(done, ProxyError)).message, words)
      assert.equal(stream.written.length, 0)
      assert.ok(stream.isClosed)
    }
  })

  it('ends where the password is wrong, and asks for nothing [1929-2-3]', async () => {
    for (const status of ['01', 'ff']) {
      const { stream, done } = talk5('a.test', 80, { user: 'a', password: 'secret' })
      stream.receive(hex('05 02'))
      stream.takeWritten()
      stream.receive(hex(`01 ${status}`))
      const error = await rejectionAs(done, ProxyError)
      assert.match(error.message, /wrong user or password/)
      assert.doesNotMatch(error.message, /secret/)
      assert.equal(stream.written.length, 0)
    }
  })

  for (const [what, replies, credentials] of [
    ['another version in the choice of a method', ['04 00']],
    ['a method that was not offered', ['05 02']],
    ['GSSAPI, which was not offered', ['05 01']],
    ['another version of the subnegotiation', ['05 02', '05 00'], { user: 'a', password: 'b' }],
    ['another version in the reply', ['05 00', '04 00']],
    ['an unknown type of address', ['05 00', '05 00 00 02']],
    ['HTTP', [Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n').toString('hex')]],
    ['more than the choice of a method', ['05 00 00']],
    ['more than its reply', ['05 00', `${GRANTED.toString('hex')} 48`]],
  ] as const) {
    it(`ends at ${what}, which is not what was to come [1928-3-3]`, async () => {
      const { stream, done } = talk5('a.test', 80, credentials)
      for (const reply of replies) stream.receive(hex(reply))
      const error = await rejectionAs(done, ProxyError)
      assert.equal(error.reply, undefined)
      assert.ok(stream.isClosed)
    })
  }

  for (const sent of ['', '05', '0500', '0500 0500', '0500 0500000400']) {
    it(`fails where the proxy closes, is silent, or we give up after '${sent}'`, async () => {
      for (const [end, kind] of [
        [({ stream }: Setting) => stream.receiveEnd(), ConnectError],
        [({ stream }: Setting) => stream.break(), ConnectError],
        [({ clock }: Setting) => clock.advance(5_200), TimeoutError],
      ] as const) {
        const setting = talk5('a.test', 80)
        for (const piece of sent.split(' ')) setting.stream.receive(hex(piece))
        end(setting)
        const error = await rejectionAs<HTTPException>(setting.done, kind)
        assert.ok(['proxy', 'connect'].includes(error.phase!), error.phase)
        assert.ok(setting.stream.isClosed)
        assert.equal(setting.clock.pending, 0)
      }
      const setting = talk5('a.test', 80)
      for (const piece of sent.split(' ')) setting.stream.receive(hex(piece))
      const reason = new Error('enough')
      setting.signal.abort(reason)
      await assert.rejects(setting.done, reason)
      assert.ok(setting.stream.isClosed)
      assert.equal(setting.clock.pending, 0)
    })
  }

  it('hears nothing more once it has failed', async () => {
    const { stream, done } = talk5('a.test', 80)
    const failed = rejectionAs(done, ProxyError)
    stream.receive(hex('05 ff 00'), [2])
    await failed
    stream.drain()
  })
})

const talk4 = (host: string, user = ''): Setting =>
  begin(talkSocks4({ host, port: 80 }, user, 'proxy.test:1080'))

describe('a SOCKS4 handshake', () => {
  it('sends an address, and a name behind the address 0.0.0.1', async () => {
    for (const [host, user, request] of [
      ['192.0.2.7', 'Ada', '04 01 0050 c0000207 41646100'],
      ['a.test', '', '04 01 0050 00000001 00 612e74657374 00'],
    ] as const) {
      const { stream, done } = talk4(host, user)
      assert.deepEqual(stream.takeWritten(), hex(request))
      stream.receive(hex('00 5a 0000 00000000'), [1, 2, 5])
      await done
    }
  })

  it('ends at a status other than 90, with its words', async () => {
    for (const [status, words] of [
      [91, /rejected or failed/],
      [92, /cannot reach the identd/],
      [93, /names another user/],
      [94, /unknown reply 94/],
    ] as const) {
      const { stream, done } = talk4('a.test')
      stream.receive(Buffer.from([0, status]))
      assert.match((await rejectionAs(done, ProxyError)).message, words)
      assert.ok(stream.isClosed)
    }
    const { stream, done } = talk4('a.test')
    stream.receive(hex('05 00'))
    assert.match((await rejectionAs(done, ProxyError)).message, /does not speak SOCKS4/)
  })

  it('has no way to say an IPv6 address', async () => {
    const { stream, done } = talk4('::1')
    assert.match((await rejectionAs(done, ConnectError)).message, /IPv6/)
    assert.equal(stream.written.length, 0)
    assert.ok(HTTPException.isHTTPException(await done.catch((error: unknown) => error)))
  })
})

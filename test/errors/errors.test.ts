import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import { addFacts, type ExchangeFacts, factsOf } from '../../src/errors/exception.ts'
import { hintFor } from '../../src/errors/hints.ts'
import * as errors from '../../src/errors/index.ts'
import {
  AuthError,
  BadStatusLine,
  CannotSendHeader,
  CannotSendRequest,
  type CodeOf,
  ConnectError,
  ConnectionLost,
  DecodeError,
  type ErrorCode,
  GuardError,
  HTTPException,
  ImproperConnectionState,
  IncompleteRead,
  InvalidHeader,
  InvalidURL,
  LimitExceeded,
  LineTooLong,
  LocalProtocolError,
  NotConnected,
  ProxyError,
  RedirectError,
  RemoteDisconnected,
  RemoteProtocolError,
  ResponseNotReady,
  StatusError,
  TimeoutError,
  type TimeoutPhase,
  UnimplementedFileMode,
  UnknownProtocol,
  UnknownTransferEncoding,
} from '../../src/errors/index.ts'
import { ERRORS } from '../../src/errors/table.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

/** The tree as the documentation draws it: class → the class above it. */
const PARENTS: Readonly<Record<string, string>> = {
  HTTPException: 'Error',
  LocalProtocolError: 'HTTPException',
  InvalidURL: 'LocalProtocolError',
  InvalidHeader: 'LocalProtocolError',
  NotConnected: 'LocalProtocolError',
  UnimplementedFileMode: 'LocalProtocolError',
  ImproperConnectionState: 'LocalProtocolError',
  CannotSendRequest: 'ImproperConnectionState',
  CannotSendHeader: 'ImproperConnectionState',
  ResponseNotReady: 'ImproperConnectionState',
  RemoteProtocolError: 'HTTPException',
  BadStatusLine: 'RemoteProtocolError',
  RemoteDisconnected: 'BadStatusLine',
  UnknownProtocol: 'BadStatusLine',
  UnknownTransferEncoding: 'RemoteProtocolError',
  IncompleteRead: 'RemoteProtocolError',
  LimitExceeded: 'RemoteProtocolError',
  LineTooLong: 'LimitExceeded',
  ConnectError: 'HTTPException',
  GuardError: 'ConnectError',
  ProxyError: 'HTTPException',
  ConnectionLost: 'HTTPException',
  DecodeError: 'HTTPException',
  TimeoutError: 'HTTPException',
  AuthError: 'HTTPException',
  RedirectError: 'HTTPException',
  StatusError: 'HTTPException',
}

const NOTHING = Buffer.alloc(0)
const ANSWER = { status: 407, reason: 'No', rawHeaders: [['A', 'b']], body: Buffer.from('x') } as const

/** An error of each code, as the class of its row makes it. */
function make(code: ErrorCode): HTTPException {
  switch (ERRORS[code][0]) {
    case 'LocalProtocolError':
      return new LocalProtocolError(code, 'detail')
    case 'InvalidURL':
      return new InvalidURL(code, 'detail')
    case 'InvalidHeader':
      return new InvalidHeader(code, 'detail')
    case 'NotConnected':
      return new NotConnected('detail')
    case 'UnimplementedFileMode':
      return new UnimplementedFileMode('w')
    case 'ImproperConnectionState':
      return new ImproperConnectionState('detail', code as CodeOf<'ImproperConnectionState'>)
    case 'CannotSendRequest':
      return new CannotSendRequest('detail')
    case 'CannotSendHeader':
      return new CannotSendHeader('detail')
    case 'ResponseNotReady':
      return new ResponseNotReady('detail')
    case 'RemoteProtocolError':
      return new RemoteProtocolError(code, 'detail')
    case 'BadStatusLine':
      return new BadStatusLine('line')
    case 'RemoteDisconnected':
      return new RemoteDisconnected()
    case 'UnknownProtocol':
      return new UnknownProtocol('line')
    case 'UnknownTransferEncoding':
      return new UnknownTransferEncoding(['gzip'])
    case 'IncompleteRead':
      return new IncompleteRead(NOTHING, 1, {}, code as CodeOf<'IncompleteRead'>)
    case 'LimitExceeded':
      return new LimitExceeded(code as CodeOf<'LimitExceeded'>, 'maxFields', 5)
    case 'LineTooLong':
      return new LineTooLong(5)
    case 'ConnectError':
      return new ConnectError(code as CodeOf<'ConnectError'>, 'tcp', 'detail')
    case 'GuardError':
      return new GuardError({ refused: '10.0.0.1', range: '10.0.0.0/8', rule: 'public-only' }, 'detail')
    case 'AuthError':
      return new AuthError(code, 'detail')
    case 'RedirectError':
      return new RedirectError(code as CodeOf<'RedirectError'>, 'detail', ANSWER, 'http://b.test/')
    case 'StatusError':
      return new StatusError(ANSWER, Buffer.from('x'))
    case 'ProxyError':
      return new ProxyError(code === 'SOCKS_REFUSED' ? { reply: 5, words: 'connection refused' } : ANSWER)
    case 'ConnectionLost':
      return new ConnectionLost('detail', {}, code as CodeOf<'ConnectionLost'>)
    case 'DecodeError':
      return new DecodeError(code as CodeOf<'DecodeError'>, 'detail', { bytes: 'x' })
    case 'TimeoutError':
      return new TimeoutError(
        code === 'TIMEOUT_SPEED' ? 'minSpeed' : (code.slice('TIMEOUT_'.length).toLowerCase() as TimeoutPhase),
        5,
      )
  }
}

describe('the tree of errors', () => {
  const classes = Object.entries(errors).flatMap(([name, value]) =>
    typeof value === 'function' && value.prototype instanceof Error ? [[name, value] as const] : [],
  )

  it('is as it is drawn', () => {
    const parents = classes.map(([name, value]) => [
      name,
      (Object.getPrototypeOf(value) as { name: string }).name,
    ])
    assert.deepEqual(Object.fromEntries(parents), PARENTS)
  })

  it('has a name on each prototype, so that it survives in a stack', () => {
    for (const [name, value] of classes) assert.equal((value.prototype as Error).name, name)
    assert.match(new LineTooLong(5).stack ?? '', /^LineTooLong: /)
    assert.deepEqual(Object.keys(new NotConnected()), ['code'])
  })
})

describe('the table of errors', () => {
  for (const code of Object.keys(ERRORS) as ErrorCode[]) {
    const [className, sentence, source] = ERRORS[code]
    it(`${code} is raised as ${className}, beginning with its sentence`, () => {
      const error = make(code)
      assert.equal(error.name, className)
      assert.equal(error.constructor.name, className)
      assert.equal(error.code, code)
      assert.ok(error.message.startsWith(sentence), error.message)
      assert.match(sentence, /^[A-Z].*[^.:]$/)
      assert.notEqual(source, '')
      if (error instanceof RemoteProtocolError) assert.equal(error.rule, `${sentence} (${source})`)
    })
  }

  it('has a row for each class but the ones that only stand above others', () => {
    const named = new Set(Object.values(ERRORS).map(([className]) => className as string))
    assert.deepEqual(
      Object.keys(PARENTS).filter((name) => !named.has(name)),
      ['HTTPException'],
    )
  })
})

describe('HTTPException', () => {
  it('says its sentence, and the detail where there is one', () => {
    assert.equal(new HTTPException('NOT_CONNECTED').message, 'There is no connection.')
    assert.equal(new HTTPException('NOT_CONNECTED', 'to a').message, 'There is no connection: to a')
  })

  it('keeps the cause, and has none of its own', () => {
    const cause = new Error('below')
    assert.equal(new ConnectionLost('x', { cause }).cause, cause)
    assert.equal('cause' in new ConnectionLost('x'), false)
  })

  it('is known again by a mark that copies of the package share', () => {
    const copy = Object.create({ [Symbol.for('httplib.HTTPException')]: true }) as object
    assert.equal(HTTPException.isHTTPException(copy), true)
    assert.equal(HTTPException.isHTTPException(new LineTooLong(1)), true)
    for (const value of [new Error('x'), {}, null, undefined, 'HTTPException', 5]) {
      assert.equal(HTTPException.isHTTPException(value), false)
    }
  })

  it('carries the facts of the exchange; what is known already stays', () => {
    const facts = {
      reused: true,
      requestBytesWritten: 0,
      responseStarted: false,
      address: 'a:80',
      phase: 'send',
    } as const
    const error = new ConnectionLost('x', { reused: false, phase: 'body' })
    addFacts(error, facts)
    assert.deepEqual(Object.fromEntries(Object.entries(error)), {
      code: 'CONNECTION_LOST',
      ...facts,
      reused: false,
      phase: 'body',
    })
    addFacts(error, {})
    addFacts(error, { responseStarted: true, requestBytesWritten: 7, address: 'b:80' })
    assert.deepEqual(Object.fromEntries(Object.entries(error)), {
      code: 'CONNECTION_LOST',
      ...facts,
      reused: false,
      phase: 'body',
    })
  })
})

describe('the message of a failed exchange', () => {
  const FACTS: ExchangeFacts = {
    method: 'GET',
    url: 'http://a.test/x',
    elapsedMs: 11.6,
    phase: 'headers',
  }

  it('says what happened, to which request, in which phase, after which time, and what to try', () => {
    const error = new RemoteDisconnected()
    const { summary } = error
    addFacts(error, FACTS)
    assert.equal(
      error.message,
      `${summary} (GET http://a.test/x; waiting for the response; after 12 ms). Try: ${hintFor('REMOTE_DISCONNECTED', false)}.`,
    )
    assert.equal(error.summary, summary)
    assert.ok(error.stack?.startsWith(`RemoteDisconnected: ${error.message}\n`), error.stack)
    assert.equal(Object.keys(error).includes('message') || Object.keys(error).includes('summary'), false)
  })

  it('names one request only, once', () => {
    const error = new ConnectionLost('x', FACTS)
    const { message } = error
    addFacts(error, { method: 'POST', url: 'http://b.test/', elapsedMs: 5, reused: true })
    assert.equal(error.message, message)
    assert.deepEqual([error.method, error.url, error.elapsedMs, error.reused], ['GET', FACTS.url, 11.6, true])
    const again = new IncompleteRead(NOTHING, 1, factsOf(error))
    assert.deepEqual(factsOf(again), factsOf(error))
    assert.equal(again.message.split('Try:').length, 2)
  })

  it('is the summary alone where no request is concerned', () => {
    const error = new CannotSendRequest('detail')
    assert.equal(error.message, error.summary)
    addFacts(error, { phase: 'send', reused: false })
    assert.equal(error.message, error.summary)
  })

  it('gives the option that would accept a peer of TLS for a hint, and does not say it twice', () => {
    const remedy = 'to accept it: `tls: {}`'
    const error = new ConnectError('TLS_FAILED', 'tls', 'a:443', { ...FACTS, remedy })
    assert.equal(error.summary, `The TLS handshake failed: a:443; ${remedy}`)
    assert.equal(
      error.message,
      `The TLS handshake failed: a:443 (GET http://a.test/x; in the TLS handshake; after 12 ms). Try: ${remedy}.`,
    )
  })

  it('says in which phase a total timeout ran out, and what has neither method nor phase', () => {
    assert.match(new TimeoutError('total', 5, FACTS).message, / \(GET http:\/\/a\.test\/x; before its end; /)
    const error = new TimeoutError('total', 5)
    addFacts(error, FACTS)
    assert.match(error.message, / \(GET http:\/\/a\.test\/x; waiting for the response; after 12 ms\)\. /)
    assert.equal(error.phase, 'total')
    const other = new TimeoutError('total', 5)
    addFacts(other, { url: 'http://a.test' })
    assert.match(other.message, / \(http:\/\/a\.test; before its end\)\. /)
    assert.match(new NotConnected().summary, /\.$/)
    const bare = new HTTPException('CONNECTION_LOST', undefined, { url: 'http://a.test' })
    assert.match(bare.message, /^The connection broke \(http:\/\/a\.test\)\. Try: /)
  })

  it('names the proxy, where it was the proxy', () => {
    const proxy = 'p.test:3128'
    for (const [phase, said] of [
      ['dns', 'looking up the proxy p.test:3128'],
      ['tcp', 'connecting to the proxy p.test:3128'],
      ['proxy', 'asking the proxy p.test:3128 for a tunnel'],
      ['tls', 'in the TLS handshake, through the proxy p.test:3128'],
    ] as const) {
      const error = new ConnectError('CONNECT_REFUSED', phase, 'p.test:3128', { ...FACTS, proxy })
      assert.ok(error.message.includes(`; ${said}; after`), error.message)
      assert.ok(error.message.endsWith(`Try: ${hintFor('CONNECT_REFUSED', true)}.`), error.message)
    }
    assert.match(new ConnectionLost('x', { ...FACTS, proxy }).message, /; waiting for the response; /)
  })

  it('leaves errors of another copy of the package as they are', () => {
    const copy = Object.create({ [Symbol.for('httplib.HTTPException')]: true }) as HTTPException
    copy.message = 'as it is'
    addFacts(copy, FACTS)
    assert.deepEqual([copy.message, copy.method], ['as it is', 'GET'])
  })

  it('asks for https first where a peer that has never answered hangs up or speaks no HTTP', () => {
    const https = /Try: https:\/\/ in its URL/
    for (const make of [() => new RemoteDisconnected(), () => new BadStatusLine('SSH-2.0')]) {
      const over = (facts: ExchangeFacts): string => {
        const error = make()
        addFacts(error, { ...FACTS, ...facts })
        return error.message
      }
      assert.match(over({ reused: false }), https)
      assert.doesNotMatch(over({ reused: true }), /https/)
      assert.doesNotMatch(over({ reused: false, url: 'https://a.test/x' }).split('Try: ')[1] ?? '', /https/)
    }
  })

  it('has a hint for each code: one line without an end, which is not that of the command', () => {
    for (const code of Object.keys(ERRORS) as ErrorCode[]) {
      for (const isOfProxy of [false, true]) assert.match(hintFor(code, isOfProxy), /^\S[^\n]*[^.\s]$/)
    }
  })
})

describe('the classes that know more', () => {
  it('RemoteProtocolError says rule, place and bytes', () => {
    const error = new RemoteProtocolError('BARE_LF', undefined, {
      offset: 0,
      bytes: '\\n',
      responseStarted: true,
    })
    assert.equal(
      error.message,
      'A line ends in LF without CR (RFC 9112 §2.2; at byte 0 of the stream: "\\n")',
    )
    assert.deepEqual([error.offset, error.bytes, error.responseStarted], [0, '\\n', true])
    assert.equal(new RemoteProtocolError('BARE_LF').message, 'A line ends in LF without CR (RFC 9112 §2.2)')
  })

  it('IncompleteRead has the bytes that came and the number that did not', () => {
    const partial = Buffer.from('abc')
    const error = new IncompleteRead(partial, 7)
    assert.deepEqual([error.code, error.partial, error.expected], ['INCOMPLETE_BODY', partial, 7])
    assert.match(error.message, /: 3 bytes in hand, 7 more expected \(RFC 9112 §8\)$/)
    assert.match(new IncompleteRead(partial).message, /: 3 bytes in hand \(RFC 9112 §8\)$/)
    // A log is no place for a body.
    assert.doesNotMatch(
      inspect(error, { showHidden: true }) + JSON.stringify(error),
      /abc|61,? 62,? 63|97,98,99/,
    )
  })

  it('BadStatusLine, RemoteDisconnected and UnknownProtocol have the line', () => {
    assert.equal(new BadStatusLine('x').line, 'x')
    const error = new RemoteDisconnected({ reused: true })
    assert.deepEqual([error.line, error.reused], ['', true])
    assert.equal(new UnknownProtocol('ICY').line, 'ICY')
  })

  it('UnknownTransferEncoding has the codings, a limit its name and value', () => {
    assert.deepEqual(new UnknownTransferEncoding(['a', 'b']).codings, ['a', 'b'])
    const { limit, maximum, message } = new LimitExceeded('LIMIT_FIELDS', 'maxFields', 5, { offset: 9 })
    assert.deepEqual([limit, maximum], ['maxFields', 5])
    assert.match(message, /: maxFields is 5 \(RFC 9110 §2.3; at byte 9 of the stream\)$/)
  })

  it('ConnectError has its phase and every attempt', () => {
    const attempts = [{ address: '[::1]:80', error: new Error('refused') }]
    const error = new ConnectError('CONNECT_REFUSED', 'tcp', 'a:80', {
      attempts,
      phase: 'dns',
      address: 'a:80',
    })
    assert.deepEqual([error.phase, error.attempts, error.address], ['tcp', attempts, 'a:80'])
    assert.deepEqual(new ConnectError('DNS_FAILED', 'dns', 'a').attempts, [])
  })

  it("ProxyError has the proxy's answer", () => {
    const { status, reason, rawHeaders, body, phase, message } = new ProxyError(ANSWER, { address: 'p:1' })
    assert.deepEqual({ status, reason, rawHeaders, body }, ANSWER)
    assert.equal(phase, 'proxy')
    assert.match(message, /: it answered 407 No$/)
    assert.match(new ProxyError({ ...ANSWER, reason: '' }).message, /: it answered 407$/)
  })

  it('TimeoutError has its phase and its time', () => {
    const { phase, timeoutMs, message } = new TimeoutError('headers', 250)
    assert.deepEqual([phase, timeoutMs], ['headers', 250])
    assert.match(message, /: the headers timeout is 250 ms$/)
  })
})

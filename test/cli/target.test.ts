import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CommandFailure } from '../../src/cli/failure.ts'
import { basic, readProxy, readTarget } from '../../src/cli/target.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

describe('a URL of the command line', () => {
  it('is taken apart', () => {
    assert.deepEqual(readTarget('https://user:p%40ss@example.com:8443/a/b?c=d#e'), {
      scheme: 'https',
      host: 'example.com',
      port: 8443,
      authority: 'example.com:8443',
      path: '/a/b?c=d',
      authorization: basic('user:p@ss'),
    })
  })

  it('is http without a scheme, also where a port follows the name', () => {
    for (const [text, host, port, path] of [
      ['example.com', 'example.com', 80, '/'],
      ['localhost:8080/x', 'localhost', 8080, '/x'],
      ['[::1]:81?q', '::1', 81, '/?q'],
      ['HTTP://EXAMPLE.com:80', 'example.com', 80, '/'],
    ] as const) {
      const target = readTarget(text)
      assert.deepEqual([target.host, target.port, target.path], [host, port, path], text)
    }
  })

  it('keeps an empty query, and the brackets of an address in the Host field', () => {
    assert.equal(readTarget('http://h/?').path, '/?')
    assert.equal(readTarget('http://[::1]:81/').authority, '[::1]:81')
  })

  it('gives credentials with an empty password, or percent signs that encode nothing', () => {
    assert.equal(readTarget('http://me@h/').authorization, basic('me:'))
    assert.equal(readTarget('http://50%@h/').authorization, basic('50%:'))
    assert.equal(readTarget('http://h/').authorization, undefined)
  })

  it('is refused without its secrets where it cannot be read', () => {
    for (const [text, what] of [
      ['http://u:secret@ho st/x?secret', /"http:\/\/ho st\/x"/],
      ['u:sec/secret@a b?secret#secret', /"a b"/],
      ['ftp://u:secret@h/', /scheme ftp:/],
      ['http://', /"http:\/\/"/],
      ['', /""/],
    ] as const) {
      assert.throws(
        () => readTarget(text),
        (error) =>
          error instanceof CommandFailure &&
          error.exit === 'usage' &&
          what.test(error.message) &&
          !/secret/.test(`${error.message} ${error.advice}`),
      )
    }
  })
})

describe('a proxy of the command line', () => {
  it('has a host, a port and perhaps credentials', () => {
    assert.deepEqual(readProxy('http://me:pw@proxy.example:80'), {
      host: 'proxy.example',
      port: 80,
      authorization: basic('me:pw'),
    })
    assert.deepEqual(readProxy('[::1]'), { host: '::1', port: 1080, authorization: undefined })
    assert.equal(readProxy('proxy.example:3128/').port, 3128)
  })

  it('is refused with another scheme, and where it cannot be read', () => {
    assert.throws(() => readProxy('socks5://proxy'), { message: /scheme socks5:/ })
    assert.throws(
      () => readProxy('a:secret@:80'),
      (error) => error instanceof Error && !/secret/.test(error.message),
    )
  })
})

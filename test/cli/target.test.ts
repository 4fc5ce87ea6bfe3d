import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readTarget, removeDotSegments, type TargetRules } from '../../src/cli/request/target.ts'
import { allowedSchemes, withQuery } from '../../src/cli/request/url-words.ts'
import { CommandFailure } from '../../src/cli/tell/failure.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

const RULES: TargetRules = { defaultScheme: 'http', schemes: ['http', 'https'], isPathAsIs: false }
const read = (text: string) => readTarget(text, RULES)

describe('a URL of the command line', () => {
  it('is taken apart', () => {
    const { url, ...rest } = read('https://user:p%40ss@example.com:8443/a/b?c=d#e')
    assert.equal(url.href, 'https://example.com:8443/a/b?c=d')
    assert.deepEqual(rest, { path: '/a/b?c=d', credentials: 'user:p@ss', fileName: 'b' })
  })

  it('is http without a scheme, also where a port follows the name', () => {
    for (const [text, href, path] of [
      ['example.com', 'http://example.com/', '/'],
      ['localhost:8080/x', 'http://localhost:8080/x', '/x'],
      ['[::1]:81?q', 'http://[::1]:81/?q', '/?q'],
      ['HTTP://EXAMPLE.com:80', 'http://example.com/', '/'],
    ] as const) {
      const target = read(text)
      assert.deepEqual([target.url.href, target.path], [href, path], text)
    }
    assert.equal(readTarget('h', { ...RULES, defaultScheme: 'https' }).url.href, 'https://h/')
  })

  it('keeps its path as it was written, but for dot segments and what is not ASCII', () => {
    assert.equal(read('http://h/?').path, '/?')
    assert.equal(read('http://h/a/./b/../c|^`"<>').path, '/a/c|^`"<>')
    assert.equal(read('http://h/\u00e9?\u00e9').path, '/%C3%A9?%C3%A9')
    assert.equal(readTarget('http://h/a/../b', { ...RULES, isPathAsIs: true }).path, '/a/../b')
  })

  it('ends in the name of a file as it was written', () => {
    assert.equal(read('http://h/x/a%20b%2Fc.txt?q/r').fileName, 'a%20b%2Fc.txt')
    assert.equal(read('http://h/x/').fileName, '')
  })

  it('gives credentials with an empty password, or percent signs that encode nothing', () => {
    assert.equal(read('http://me@h/').credentials, 'me:')
    assert.equal(read('http://50%@h/').credentials, '50%:')
    assert.equal(read('http://h/').credentials, undefined)
  })

  it('is refused without its secrets where it cannot be read', () => {
    for (const [text, what, exit] of [
      ['http://u:secret@ho st/x?secret', /a blank/, 'url'],
      ['http://u:secret@h:x/?secret', /"http:\/\/h:x\/"/, 'url'],
      ['ftp://u:secret@h/', /scheme ftp:/, 'scheme'],
      ['http://', /no host/, 'url'],
      ['', /no host/, 'url'],
      ['/secret/x', /no host/, 'url'],
      ['http:////secret/x', /no host/, 'url'],
    ] as const) {
      assert.throws(
        () => read(text),
        (error) =>
          error instanceof CommandFailure &&
          error.exit === exit &&
          what.test(error.message) &&
          !error.message.includes('secret'),
        text,
      )
    }
  })
})

describe('dot segments', () => {
  // RFC 3986 §5.4, as far as paths go.
  const cases: [path: string, without: string][] = [
    ['', ''],
    ['/a/b/c/./../../g', '/a/g'],
    ['/b/c/..', '/b/'],
    ['/b/c/.', '/b/c/'],
    ['/../../g', '/g'],
    ['/b/c/../..', '/'],
    ['/..', '/'],
    ['/g;x=1/../y', '/y'],
    ['/a/...', '/a/...'],
    ['//a//b', '//a//b'],
  ]
  for (const [path, without] of cases) {
    it(`of ${path === '' ? 'nothing' : path} leave ${without}`, () =>
      assert.equal(removeDotSegments(path), without))
  }
})

describe('the query of -G', () => {
  it('goes behind what is there, and before the fragment', () => {
    assert.equal(withQuery('http://h', 'a=1'), 'http://h/?a=1')
    assert.equal(withQuery('h/x?b', 'a=1'), 'h/x?b&a=1')
    assert.equal(withQuery('h/x?', 'a=1'), 'h/x?a=1')
    assert.equal(withQuery('h/x#f', 'a=1'), 'h/x?a=1#f')
    assert.equal(withQuery('h/x', ''), 'h/x')
  })
})

describe('--proto', () => {
  it('allows, adds and takes away', () => {
    assert.deepEqual(allowedSchemes(undefined), ['http', 'https'])
    assert.deepEqual(allowedSchemes('=https'), ['https'])
    assert.deepEqual(allowedSchemes('-http'), ['https'])
    assert.deepEqual(allowedSchemes('=http,https'), ['http', 'https'])
    assert.deepEqual(allowedSchemes('-all,+https'), ['https'])
  })
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import { Client } from '../../../src/client/client.ts'
import { type AuthOption, resolveAuth } from '../../../src/layers/auth/option.ts'
import { checkOpenHandles } from '../../support/open-handles.ts'

checkOpenHandles()

describe('the option auth', () => {
  const wrong: readonly (readonly [value: unknown, message: RegExp])[] = [
    [{ basics: ['a', 'secret'] }, /unknown option 'basics'; known: basic, bearer, digest, netrc/],
    [{}, /one of basic, bearer, digest, netrc in each object, not none/],
    [{ basic: ['a', 'secret'], bearer: 'secret' }, /not basic and bearer; a list takes several/],
    [[], /the list is empty/],
    [[{ basic: ['a', 'secret'] }, 'secret'], /takes .*, not a string/],
    [[['a', 'secret']], /takes .*, not an array/],
    [{ basic: 'a:secret' }, /basic takes \[user, password\], two strings, not a string/],
    [{ basic: ['secret'] }, /two strings, not an array/],
    [{ basic: ['a', 'secret', 'b'] }, /two strings, not an array/],
    [{ basic: ['a', 5] }, /two strings, not an array/],
    [{ basic: ['a:b', 'secret'] }, /basic: the user has a colon/],
    [{ basic: ['a', 'secret\r\nX: y'] }, /basic: the password has a control character/],
    [{ basic: ['secret\0', 'x'] }, /basic: the user has a control character/],
    [{ digest: ['secret\n', 'x'] }, /digest: the user has a control character/],
    [{ digest: { user: 'a' } }, /digest takes \[user, password\], two strings, not an Object/],
    [{ bearer: 5 }, /bearer takes a string or a function that gives one, not a number/],
    [{ bearer: '' }, /bearer takes a token of letters/],
    [{ bearer: 'two secrets' }, /RFC 6750/],
    [{ bearer: 'secret\r\nX: y' }, /RFC 6750/],
    [{ bearer: 'a=secret' }, /RFC 6750/],
    [{ netrc: '' }, /netrc takes a path/],
    [['netrc', { netrc: 'a' }], /a list has one netrc, not 2/],
    [{ netrc: true }, /netrc takes a path, not a boolean/],
    [{ netrc: 'a\0b' }, /netrc takes a path/],
    [true, /auth takes false, /],
    ['secret', /auth takes false, /],
    [new URL('http://secret@a/'), /auth takes false, /],
  ]
  for (const [value, message] of wrong)
    it(`is a TypeError for ${inspect(value, { breakLength: Infinity })}, and shows no value of it`, () => {
      assert.throws(
        () => new Client({ auth: value as AuthOption }),
        (error) => error instanceof TypeError && message.test(error.message) && !/secret/.test(error.message),
      )
    })

  it('of a request is checked before anything is sent', async () => {
    const client = new Client()
    await assert.rejects(client.get('http://127.0.0.1:1/', { auth: { basic: ['a:b', ''] } }), TypeError)
    assert.throws(() => client.extend({ auth: { bearer: 'a b' } }), TypeError)
    await client.close()
  })

  it('takes nothing from a prototype', () => {
    const inherited = Object.create({ basic: ['a', 'b'] }) as AuthOption
    assert.throws(() => resolveAuth(inherited), TypeError)
  })

  it('takes colons in passwords and in the users of Digest, and empty parts', () => {
    for (const auth of [{ basic: ['', 'a:b'] }, { digest: ['a:b', ''] }, { bearer: 'a-._~+/b==' }] as const)
      assert.notEqual(resolveAuth(auth), false)
  })

  it('makes settings that show schemes and no secret', () => {
    const settings = resolveAuth([
      { basic: ['user', 'secret'] },
      { bearer: 'secret' },
      { digest: ['user', 'secret'] },
      'netrc',
    ])
    const shown = inspect(settings, { depth: 9, showHidden: true }) + JSON.stringify(settings)
    assert.doesNotMatch(shown, /secret|user|c2VjcmV0/)
    assert.match(shown, /scheme: 'basic'/)
  })
})

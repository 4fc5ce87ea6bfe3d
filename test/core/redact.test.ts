// What is a credential and what is not: a table of names, with where each is defined or met; and texts around them.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import fc from 'fast-check'
import {
  endsOpen,
  isCredentialName,
  maskCredentials,
  maskField,
  maskMembers,
  maskText,
} from '../../src/core/redact.ts'
import { assertLinear } from '../support/growth.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

/** Fields and parameters that hold credentials, by who defines or sends them. */
const CREDENTIALS: Readonly<Record<string, string>> = {
  'RFC 9110': 'Authorization Proxy-Authorization Authentication-Info Proxy-Authentication-Info',
  'RFC 6265 and RFC 2965': 'Cookie Set-Cookie Cookie2 Set-Cookie2',
  'RFC 6750, RFC 6749, RFC 7523, RFC 9449':
    'access_token refresh_token id_token client_secret client_assertion assertion DPoP device_secret',
  'RFC 9421 and webhooks': 'Signature X-Hub-Signature X-Hub-Signature-256 Stripe-Signature X-Slack-Signature',
  'keys of APIs':
    'X-API-Key Api-Key apikey api_key X-Goog-Api-Key Ocp-Apim-Subscription-Key X-MBX-APIKEY x-functions-key key X-Parse-REST-API-Key',
  'tokens of services':
    'X-Auth-Token X-Access-Token Private-Token Job-Token X-Vault-Token X-Amz-Security-Token X-Consul-Token X-Shopify-Access-Token ' +
    'X-Plex-Token X-Figma-Token X-Subject-Token X-Registry-Auth X-Auth-Key X-GitHub-OTP token private_token accessToken authtoken',
  'tokens against forgery': 'X-CSRF-Token X-XSRF-TOKEN csrf_token csrfmiddlewaretoken',
  sessions: 'X-Session-Id Session sessionid JSESSIONID PHPSESSID sid X-Transmission-Session-Id session_key',
  'signed URLs':
    'X-Amz-Signature X-Amz-Credential X-Goog-Signature X-Goog-Credential Signature AWSAccessKeyId sig hmac',
  'identity-aware proxies':
    'X-Amzn-Oidc-Data X-Amzn-Oidc-Accesstoken Cf-Access-Jwt-Assertion X-Goog-IAP-JWT-Assertion X-Forwarded-Access-Token',
  'log-ins':
    'password passwd pwd user_password X-Password passphrase passcode code_verifier device_code SAMLResponse db.secret X-Secret-Key otp new-password2 OAuth2',
}
/** Names that look alike. */
const OTHERS: Readonly<Record<string, string>> = {
  'RFC 9110 and its kin':
    'Accept Host Content-Type Content-Length ETag Date Allow Range Vary From Server Location Referer User-Agent Keep-Alive',
  challenges: 'WWW-Authenticate Proxy-Authenticate',
  'RFC 6455': 'Sec-WebSocket-Key Sec-WebSocket-Accept Sec-WebSocket-Version',
  'public by definition':
    'Access-Control-Allow-Credentials Public-Key-Pins Surrogate-Key Idempotency-Key X-Cache-Key',
  'words that contain others':
    'Author X-Author :authority authority keyword keywords monkey X-Tokens-Remaining max_tokens tokenize compass bypass side design ' +
    'passenger secretary cookies X-Cookie-Consent signal assign lipids keyboard',
}

describe('isCredentialName', () => {
  for (const [who, names] of Object.entries(CREDENTIALS)) {
    it(`knows those of ${who}, in any letter case`, () => {
      const spellings = names.split(' ').flatMap((name) => [name, name.toLowerCase()])
      assert.deepEqual(
        spellings.filter((name) => !isCredentialName(name)),
        [],
      )
    })
  }
  for (const [who, names] of Object.entries(OTHERS)) {
    it(`leaves alone: ${who}`, () => {
      assert.deepEqual(names.split(' ').filter(isCredentialName), [])
    })
  }

  it('takes a name that is too long to be judged for one', () => {
    assert.equal(isCredentialName('x'.repeat(128)), false)
    assert.equal(isCredentialName('x'.repeat(129)), true)
  })
})

describe('maskField', () => {
  it('shows of a challenge the scheme and its parameters, and no token', () => {
    const cases = [
      [
        'Basic realm="a, b", Bearer error="invalid_token"',
        'Basic realm="a, b", Bearer error="invalid_token"',
      ],
      ['Negotiate YIIabc+/==', 'Negotiate ***'],
      ['Basic realm="x", NTLM TlRMTVNTUAAC, Digest qop=auth', 'Basic realm="x", NTLM ***, Digest qop=auth'],
      ['Negotiate', 'Negotiate'],
    ] as const
    for (const [value, shown] of cases) {
      assert.equal(maskField('WWW-Authenticate', value), shown)
      assert.equal(maskField('proxy-authenticate', value), shown)
    }
  })

  it('masks what a value holds, whatever the field is called', () => {
    assert.equal(maskField('Location', 'http://me:p@w@h/?sig=x&y=z'), 'http://***@h/?sig=***&y=z')
    assert.equal(maskField('X-Vault-Token', 'anything'), '***')
  })
})

describe('maskText', () => {
  for (const [what, text, shown] of [
    ['userinfo up to the last @', 'http://me:p@w@h/', 'http://***@h/'],
    ['userinfo without a password', 'https://ghp_abc@github.test/a', 'https://***@github.test/a'],
    ['userinfo behind a slash only', '//me:pw@h', '//***@h'],
    ['userinfo behind backslashes, as browsers read them', 'http:\\\\me:pw@h', 'http:\\\\***@h'],
    ['each of several', '<http://a@b/>, <http://c@d/>', '<http://***@b/>, <http://***@d/>'],
    ['no @ of a path, a query, a fragment', 'http://h/@a?b@c#d@e', 'http://h/@a?b@c#d@e'],
    ['no @ behind a blank', 'http://h me@example.test', 'http://h me@example.test'],
    ['a parameter of a query', '/a?x=1&access_token=S&y=2', '/a?x=1&access_token=***&y=2'],
    ['a parameter of a fragment', '/#access_token=S', '/#access_token=***'],
    ['a parameter whose name is percent-encoded', '/?access%5Ftoken=S', '/?access%5Ftoken=***'],
    ['a form', 'user=me&password=S&x=', 'user=me&password=***&x='],
    ['a quoted value, whole', 'sig="a b\\"c", x', 'sig=***, x'],
    ['a quoted value without an end', 'sig="a b', 'sig=***'],
    [
      'members of a JSON object',
      '{"password" : "a \\"b", "id_token":"c","n":1}',
      '{"password" : ***, "id_token":***,"n":1}',
    ],
    ['a member that is no string', '{"pwd":5,"a":[{"key":6}]}', '{"pwd":***,"a":[{"key":***}]}'],
    ['no empty value', '/?sig=&x=1 sig=', '/?sig=&x=1 sig='],
    ['no other text', 'a: b "c" d:e = f "": g: "h', 'a: b "c" d:e = f "": g: "h'],
  ] as const) {
    it(`masks ${what}`, () => {
      assert.equal(maskText(text), shown)
    })
  }

  it('takes for a key of JSON what stands in quotation marks whole', () => {
    for (const text of ['said access_token": 5', `{"${'a'.repeat(2_000)}access_token": "value"}`.slice(2)])
      assert.equal(maskText(text), text)
    assert.ok(!maskText('{"access_token" : "s3cret"}').includes('s3cret'))
  })

  it('masks an authority whose end is still to come', () => {
    assert.equal(maskText('GET http://me:p', true), 'GET http://***')
    assert.equal(maskText('GET http://me:p@h/ HTTP', true), 'GET http://***@h/ HTTP')
  })
})

describe('maskCredentials', () => {
  it('masks fields, with their continuation lines and however the line ends', () => {
    assert.equal(
      maskCredentials('GET / HTTP/1.1\r\nX-Vault-Token: a\r\n\tb\r\n c\r\nX: 1\r\nCookie:a\nY : z\n'),
      'GET / HTTP/1.1\r\nX-Vault-Token: ***\r\nX: 1\r\nCookie:***\nY : z\n',
    )
    assert.equal(maskCredentials('Authorization \t: a'), 'Authorization \t: ***')
  })

  it('masks what other lines hold', () => {
    assert.equal(
      maskCredentials('GET http://a@b/ HTTP/1.1\r\nReferer: //c@d\r\n'),
      'GET http://***@b/ HTTP/1.1\r\nReferer: //***@d\r\n',
    )
    assert.equal(maskCredentials('WWW-Authenticate: Negotiate abc'), 'WWW-Authenticate: Negotiate ***')
    assert.equal(maskCredentials('X: //a', true), 'X: //***')
  })

  it('takes time linear in the text, whatever it repeats', () => {
    for (const unit of [
      '//',
      '\\',
      '/',
      '@',
      'a',
      '=',
      'a=',
      '"a":',
      '"',
      ':',
      '//@',
      '//a@ ',
      'token="',
      'token=',
      '%25=',
      '\n',
      '\n ',
      'key: \n',
      'a-',
      'aB',
      ' ',
      ',',
      'a ',
      '<',
      '<key',
      '<key>',
      '<key>a</key>',
      "'",
      '`',
      "token='a'",
      'token=a"',
      '{',
      '{"key":[',
      String.raw`\u0022`,
      '%2525',
      '&quot;',
      '&#38;',
      'Bearer ',
      'Basic abcdef',
      'eyJ',
      'eyJabcdefghij.',
      'a:b@',
      'http://a:b ',
      '["key","',
      '["key",\'',
      'Content-Disposition: form-data; name=key\n',
      'Content-Disposition: form-data; name=key\n\n',
      'content-disposition:',
      'name=key value=a ',
      '- ',
      'key: |\n ',
      'cookie: "',
    ]) {
      for (const start of ['', 'WWW-Authenticate: ', 'Location: http://', 'sig="']) {
        assertLinear(
          `maskCredentials of ${JSON.stringify(start + unit)}`,
          (length) => start + unit.repeat(length / unit.length),
          (text) => maskCredentials(text, true),
          4_000,
        )
      }
    }
  })

  it('takes time linear in elements that are not closed, whatever their names', () => {
    assertLinear(
      'maskText',
      (length) => Array.from({ length: length / 10 }, (_, i) => `<key-a${i}>\n`).join(''),
      maskText,
    )
  })

  it('takes time linear in the parts of a form that have one end', () => {
    const part = 'Content-Disposition: form-data; name=key\n'
    assertLinear('maskText', (length) => `${part.repeat(length / part.length)}\na\n\n`, maskText)
  })

  it('shows no secret, wherever in a text it stands', () => {
    const SECRET = 'hunter2hunter2'
    const names = Object.values(CREDENTIALS).flatMap((all) => all.split(' '))
    const noise = fc.string({ unit: fc.constantFrom(...' a/?&=:@"\'#;,.-_<>{}\\%'.split('')), maxLength: 12 })
    const line = fc.string({ unit: fc.constantFrom(...' a/?&:@#.-'.split('')), maxLength: 12 })
    const field = fc
      .tuple(fc.constantFrom(...names), fc.boolean(), noise, noise)
      .map(([name, isFolded, a, b]) => {
        return `${name}: ${isFolded ? '\r\n\t' : ''}${a}${SECRET}${b}`
      })
    const userinfo = fc
      .tuple(line, fc.constantFrom('', 'me:', 'a@b:'))
      .map(([a, user]) => `${a} http://${user}${SECRET}@h/`)
    const parameter = fc
      .tuple(line, fc.constantFrom(...names), fc.constantFrom('?', '&', '#', ';', ' ', '"'))
      .map(([a, name, mark]) => `${a}${mark}${name}=${SECRET}`)
    const member = fc.constantFrom(...names).map((name) => `{"x":1,"${name}" : "${SECRET}"}`)
    const lines = fc.array(fc.oneof(field, userinfo, parameter, member, line), { minLength: 1, maxLength: 5 })
    fc.assert(
      fc.property(lines, fc.boolean(), (all, isCut) => {
        const shown = maskCredentials(all.join('\r\n'), isCut)
        assert.ok(!shown.includes(SECRET), shown)
      }),
      { numRuns: 3_000 },
    )
  })
})

describe('maskMembers', () => {
  it('leaves members to be read, and shows them as masked, by JSON and by inspect', () => {
    const record = maskMembers({ name: 'me', password: 'secret', other: undefined as string | undefined }, [
      'password',
      'other',
    ])
    assert.deepEqual([record.password, Object.keys(record)], ['secret', ['name', 'password', 'other']])
    assert.deepEqual({ ...record }, { name: 'me', password: 'secret', other: undefined })
    assert.equal(JSON.stringify({ of: record }), '{"of":{"name":"me","password":"***"}}')
    assert.equal(inspect(record), "{ name: 'me', password: '***', other: undefined }")
    assert.doesNotMatch(inspect({ a: { b: { record } } }, { depth: 20, showHidden: true }), /secret/)
  })
})

describe('endsOpen', () => {
  it('is true where the last word may be a part of a URL or a parameter', () => {
    for (const text of ['GET /a', 'x http://a', 'a?b', 'a=b', 'X:y', '"a', '#a', 'a&b', 'a%3', '`a'])
      assert.equal(endsOpen(text), true)
    for (const text of ['GET', '/a b', 'X: y', 'a=b\tc', '']) assert.equal(endsOpen(text), false)
  })
})

describe('a value that is more than a word', () => {
  const TEXTS: Readonly<Record<string, string>> = {
    '{"token": ["SECRET", "SECRET"], "a": 1}': '{"token": ***, "a": 1}',
    '{"token":{"x":"}SECRET","y":["SECRET"]},"a":1}': '{"token":***,"a":1}',
    '{"token":{"x":"SECRET': '{"token":***',
    "{'token': 'SECRET \\\'SECRET'}": "{'token': ***}",
    "token='SECRET SECRET' b": 'token=*** b',
    'https:me:SECRET@a.test/': 'https:***@a.test/',
    'HTTP:///me:SECRET@a.test/': 'HTTP:///***@a.test/',
    'http:\\\\me:SECRET@a.test/': 'http:\\\\***@a.test/',
    'see https: it is a@b': 'see https: it is a@b',
    "it's token and 'a': 1": "it's token and 'a': 1",
    [String.raw`{"log":"{\"password\":\"SECRET \\\"SECRET\\\" SECRET\",\"a\":1}"}`]: String.raw`{"log":"{\"password\":***,\"a\":1}"}`,
    [String.raw`{\\\"password\\\":\\\"SECRET SECRET`]: String.raw`{\\\"password\\\":***`,
    [String.raw`{"token":\SECRET, "a":1}`]: '{"token":***, "a":1}',
    [String.raw`{\"token\":\'SECRET SECRET\', \"a\":1}`]: String.raw`{\"token\":***, \"a\":1}`,
    [String.raw`"token":\"SECRET \\"SECRET\" a`]: '"token":*** a',
    '{"password" :\n  "SECRET SECRET",\n "a":1}': '{"password" :\n  ***,\n "a":1}',
  }
  for (const [text, shown] of Object.entries(TEXTS))
    it(`is masked to its end: ${text}`, () => {
      assert.equal(maskText(text), shown)
    })

  it('takes time linear in it', () => {
    for (const piece of [
      "token='",
      '{"token":[',
      '{"token":{"',
      "'token':'",
      'https:',
      'https:a@',
      String.raw`"token":\"`,
      String.raw`"token":\\`,
    ])
      assertLinear(`maskText of ${piece}`, (length) => piece.repeat(length / piece.length), maskText)
  })
})

// Where credentials hide in the formats that people meet, and text that looks alike and holds none.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { maskCredentials, maskText } from '../../src/core/redact.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

/** Each holds SECRET where a reader of that format finds a credential, and what is shown of it. */
const HIDDEN: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'a value that holds what ends others': {
    "token=abc'SECRET": 'token=***',
    'token=abc"SECRET&x=1': 'token=***&x=1',
    'token=a<SECRET': 'token=***',
    'token=a>SECRET': 'token=***',
    'token=<SECRET>': 'token=***',
    'token=a#SECRET': 'token=***',
    "token='a'SECRET b": 'token=*** b',
    "token='a''SECRET' b": 'token=*** b',
    '"token":"a""SECRET", b': '"token":***, b',
    'token={"a":"SECRET SECRET"} b': 'token=*** b',
    '{"token":SE"SECRET",b': '{"token":***,b',
  },
  'a value that ends with what holds it': {
    '{"url":"/?token=SECRET","a":1}': '{"url":"/?token=***","a":1}',
    "curl 'http://h/?sig=SECRET' 'b'": "curl 'http://h/?sig=***' 'b'",
    'Link: <https://h/?sig=SECRET>; rel=next': 'Link: <https://h/?sig=***>; rel=next',
    '<p>token=SECRET</p>': '<p>token=***</p>',
    '{"url":"/?token=","a":1}': '{"url":"/?token=","a":1}',
    [String.raw`{"log":"{\"url\":\"/?token=SECRET\",\"a\":1}"}`]: String.raw`{"log":"{\"url\":\"/?token=***\",\"a\":1}"}`,
    'GET /?token= HTTP/1.1': 'GET /?token= HTTP/1.1',
  },
  'brackets in the strings of a list': {
    "{'token': ['a]', 'SECRET'], 'b': 1}": "{'token': ***, 'b': 1}",
    [`{'token':{'a':'}"','b':'SECRET'}, b}`]: "{'token':***, b}",
    '{"token":[`]`,"SECRET"],"b":1}': '{"token":***,"b":1}',
  },
  'JSON over several lines': {
    '{"password":\n  "SECRET",\n "a": 1}': '{"password":\n  ***,\n "a": 1}',
    '{"password"\r\n:\r\n\r\n"SECRET"}': '{"password"\r\n:\r\n\r\n***}',
    '{"password": [\n "SECRET",\n "SECRET"\n],\n"a":1}': '{"password": ***,\n"a":1}',
  },
  'JSON in JSON': {
    [String.raw`{"log":"{\u0022password\u0022:\u0022SECRET SECRET\u0022}"}`]: String.raw`{"log":"{\u0022password\u0022:***}"}`,
    [String.raw`{"log":"{\"password\":\u0022SECRET SECRET\u0022}"}`]: String.raw`{"log":"{\"password\":***}"}`,
    [String.raw`{\\u0022password\\u0022:\\u0022a SECRET\\u0022}`]: String.raw`{\\u0022password\\u0022:***}`,
    [String.raw`{"\u0070assword":"SECRET"}`]: String.raw`{"\u0070assword":***}`,
    [String.raw`{\x22password\x22: \x22a SECRET\x22}`]: String.raw`{\x22password\x22: ***}`,
    [String.raw`"Authorization: Basic SECRET\r\nX: a"`]: `"Authorization: ***"`,
  },
  'markup that is escaped': {
    '{&quot;password&quot;:&quot;a SECRET&quot;}': '{&quot;password&quot;:***}',
    '{&#34;password&#34;:&#x22;a SECRET&#x22;}': '{&#34;password&#34;:***}',
    '/?a=1&amp;token=SECRET': '/?a=1&amp;token=***',
    '&lt;token&gt;SECRET&lt;/token&gt;': '&lt;token&gt;***&lt;/token&gt;',
    '{&apos;token&apos;:&apos;a SECRET&apos;}': '{&apos;token&apos;:***}',
  },
  'a URL in a URL': {
    '/?next=https://h/?token=SECRET': '/?next=https://h/?token=***',
    '/?next=https%3A%2F%2Fme%3ASECRET%40h%2F&b=1': '/?next=https%3A%2F%2F***%40h%2F&b=1',
    '/?next=https%3A%2F%2Fh%2F%3Fa%3D1%26token%3DSECRET&b=1':
      '/?next=https%3A%2F%2Fh%2F%3Fa%3D1%26token%3D***&b=1',
    '/?next=https%253A%252F%252Fh%252F%253Ftoken%253DSECRET':
      '/?next=https%253A%252F%252Fh%252F%253Ftoken%253D***',
    '/?x=%7B%22token%22%3A%20%22a%20SECRET%22%7D': '/?x=%7B%22token%22%3A%20***%7D',
    'p%2561ssword=SECRET': 'p%2561ssword=***',
  },
  'other ways to write a parameter': {
    'token = SECRET b': 'token = *** b',
    'token= SECRET b': 'token= *** b',
    '"token" = "SECRET" b': '"token" = *** b',
    '"token" => "SECRET" b': '"token" => *** b',
    'token=`SE SECRET` b': 'token=*** b',
    '{`token`:`SECRET`}': '{`token`:***}',
    "{ token: 'SE SECRET', a: 1 }": '{ token: ***, a: 1 }',
    '{token:SECRET,a:1}': '{token:***,a:1}',
    '{"name":"password","value":"SECRET"}': '{"name":"password","value":***}',
    "{ name: 'x-api-key', value: 'SE SECRET' }": "{ name: 'x-api-key', value: *** }",
    '<input name=password value="SECRET">': '<input name=password value=***>',
    "<input name=`password` value='SECRET'>": '<input name=`password` value=***>',
  },
  'a field in a sentence': {
    'sent Authorization: Bearer SECRET': 'sent Authorization: ***',
    'bad field "Authorization: Basic SECRET" of it': 'bad field "Authorization: ***" of it',
    "curl -H 'x-api-key:SE SECRET' http://h": "curl -H 'x-api-key:***' http://h",
    'the token: Bearer SECRET is bad': 'the token: *** is bad',
    'the password: SECRET is bad': 'the password: *** is bad',
    'cannot use Bearer SECRET0 now': 'cannot use Bearer *** now',
    'cannot use "Basic SECRET0==" now': 'cannot use "Basic ***" now',
  },
  'a JSON Web Token, wherever': {
    'GET /reset/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.SECRET HTTP/1.1': 'GET /reset/*** HTTP/1.1',
  },
  'a user and a password in a sentence': {
    'connect to me:SECRET@h.test failed': 'connect to ***@h.test failed',
    '(me:SE@SECRET@h)': '(***@h)',
    'proxy=me:SECRET@[::1]:80': 'proxy=***@[::1]:80',
    'mailto:me:SECRET@h': 'mailto:***@h',
  },
  'a password in a URL that should have been escaped': {
    'http://me:SE/SECRET@h/a': 'http://***@h/a',
    'http://me:SE#SECRET@h/a': 'http://***@h/a',
    'http://me:SE?SEC@SECRET@h b': 'http://***@h b',
    'http://me:SE SECRET@h/a': 'http://***@h/a',
  },
  markup: {
    '<password>SECRET</password><a>b</a>': '<password>***</password><a>b</a>',
    '<ns:password type="a">SE<b>SECRET</b></ns:password>': '<ns:password type="a">***</ns:password>',
    '<a password="SECRET" b="c"/>': '<a password=*** b="c"/>',
    'see <token>SECRET\nb <key>SECRET\nc': 'see <token>***\nb <key>***\nc',
    '<token>SECRET\n<password>\nSECRET\n</password>\nc': '<token>***\n<password>***</password>\nc',
    '<auth><key>SECRET</key>SECRET</auth>': '<auth>***</auth>',
    '<key/>a<key></key>': '<key/>a<key></key>',
  },
  'lists of pairs': {
    "[ [ 'token', 'SE SECRET' ], [ 'a', 'b' ] ]": "[ [ 'token', *** ], [ 'a', 'b' ] ]",
    '["token","SECRET': '["token",***',
  },
  'forms in parts': {
    'Content-Disposition: form-data; name="password"\r\n\r\nSE\nSECRET\r\n--b':
      'Content-Disposition: form-data; name="password"\r\n\r\n***\r\n--b',
    'content-disposition: form-data; name=password\nA: b\n\nSECRET\n--b--':
      'content-disposition: form-data; name=password\nA: b\n\n***\n--b--',
    'Content-Disposition: form-data; name="token"\n\nSECRET':
      'Content-Disposition: form-data; name="token"\n\n***',
    'Content-Disposition: form-data; name="token"\n': 'Content-Disposition: form-data; name="token"\n',
    'Content-Disposition: form-data; name=token\n\nSECRET\n--b\r\nContent-Disposition: form-data; name="a"\n\nb':
      'Content-Disposition: form-data; name=token\n\n***\n--b\r\nContent-Disposition: form-data; name="a"\n\nb',
    'Content-Disposition: form-data\n\na': 'Content-Disposition: form-data\n\na',
  },
}

describe('a credential that its format hides', () => {
  for (const [what, texts] of Object.entries(HIDDEN))
    it(`is masked: ${what}`, () => {
      for (const [text, shown] of Object.entries(texts)) assert.equal(maskText(text), shown)
    })

  it('is masked in the lines of YAML, with those that are indented more', () => {
    assert.equal(
      maskCredentials('a:\n  - password: |\n      SECRET\n      SECRET\n  b: c\ntoken:\n  - SECRET\nd: e'),
      'a:\n  - password: ***\n  b: c\ntoken:***\nd: e',
    )
  })

  it('is masked over lines', () => {
    assert.equal(maskCredentials('{"password":\n "SECRET"}\nX: 1'), '{"password":\n ***}\nX: 1')
  })
})

describe('text that holds no credential', () => {
  for (const text of [
    'Access-Control-Allow-Headers: Authorization, X-Api-Key, Content-Type',
    'Access-Control-Expose-Headers: Set-Cookie',
    'Vary: Cookie, Authorization',
    '["authorization","cookie","accept"]',
    'Date: Sun, 06 Nov 1994 08:49:37 GMT',
    'The request to https://h/a/b failed: connect ECONNREFUSED 127.0.0.1:80',
    'see https://h/docs#authorization, or ask me@example.test',
    'mailto:me@example.test, sip:me@h, npm:a@1, acct:me@h',
    'at Object.key (file:///a/node_modules/.pnpm/key@1.0.0/b.js:1:2)',
    'a@b (c@1:2)',
    `Unexpected token 'a', "abc" is not valid JSON`,
    'Unexpected token < in JSON at position 0',
    'Basic authentication, a bearer token, Basic realm="a", Bearer error="invalid_token"',
    'WWW-Authenticate: Basic realm="a b"',
    'git@github.com:a/b docker.io/a/b@sha256:abc',
    'urn:ietf:params:oauth:grant-type http://auth:8080/ session://key:a auth:8080',
    'http://h:80?from=a@b http://${host}:${port}/ http://[::1]:80/a@b',
    'eyJ eyJa.b x.eyJ.y',
    `{"a":"it's","b":[1,2]}`,
    'Content-Type: multipart/form-data; boundary=x',
    '<p>a</p> <a href="http://h/">token</a>',
    '100% of C:\\new\\table & more &amp; &#960;',
  ])
    it(`is shown as it is: ${text}`, () => {
      assert.equal(maskCredentials(text), text)
    })
})

// Whatever a peer or a caller repeats in a value, reading it takes time linear in its length: measured by doubling.

import { describe, it } from 'node:test'
import { parseAuthInfo, readChallenges } from '../../src/auth/challenge.ts'
import { charsetOf, parseJson } from '../../src/core/body-text.ts'
import { parseHTTPDate } from '../../src/core/dates.ts'
import {
  listElements,
  listTokens,
  readContentLength,
  readParameterized,
  readQuotedString,
  readTransferEncoding,
  unfoldValue,
} from '../../src/core/fields.ts'
import { HTTPHeaders } from '../../src/core/headers.ts'
import { parseHostPort } from '../../src/core/origin.ts'
import { checkTarget } from '../../src/core/request-target.ts'
import { shownUrl } from '../../src/core/shown-url.ts'
import { readDataUrl } from '../../src/fetch/data-url.ts'
import { extractMimeType } from '../../src/fetch/mime-type.ts'
import { readHeaders } from '../../src/fetch/read-headers.ts'
import { checkField, writeRequestFields, writeRequestLine } from '../../src/h1/head-writer.ts'
import { resolveTolerances } from '../../src/h1/tolerances.ts'
import { keepSendable } from '../../src/layers/cookies/cookie-field.ts'
import { hostAndAbove, hstsHost, readStrictTransportSecurity } from '../../src/layers/hsts/policy.ts'
import { readLocation } from '../../src/layers/location.ts'
import { parseRetryAfter } from '../../src/layers/retry-after.ts'
import { parseNoProxy } from '../../src/proxy/no-proxy.ts'
import { HTTPMessage } from '../../src/python/http-message.ts'
import { assertLinear } from '../support/growth.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

const folding = resolveTolerances({ foldedValues: true, bareLf: true })
const quietly = (act: (text: string) => unknown) => (text: string) => {
  try {
    act(text)
  } catch {
    // A refusal takes time, too.
  }
}

const READERS: Readonly<Record<string, (text: string) => unknown>> = {
  charsetOf: (text) => charsetOf([['Content-Type', text]]),
  parseJson: quietly((text) =>
    parseJson(Buffer.from(text), {
      fields: [
        ['Content-Type', text],
        ['Content-Encoding', text],
      ],
    } as never),
  ),
  readParameterized,
  readQuotedString: (text) => readQuotedString(text, 0),
  listElements,
  listTokens: (text) => listTokens([['x', text]], 'x'),
  readContentLength: (text) => readContentLength([text]),
  readTransferEncoding: (text) => readTransferEncoding([text]),
  unfoldValue,
  parseHTTPDate,
  HTTPHeaders: (text) => new HTTPHeaders([['a', text]]).get('a'),
  parseHostPort: quietly((text) => parseHostPort(text, undefined, 80)),
  checkTarget: quietly((text) => checkTarget('GET', text)),
  writeRequestLine: quietly((text) => writeRequestLine('GET', text, 11)),
  checkField: quietly((text) => checkField('a', text, folding)),
  writeRequestFields: quietly((text) =>
    writeRequestFields(
      'POST',
      11,
      [
        ['Host', 'a'],
        ['Connection', text],
        ['TE', text],
        ['If-Match', text],
      ],
      folding,
    ),
  ),
  extractMimeType: (text) => extractMimeType([text]),
  readHeaders: quietly((text) => readHeaders([['a', text]])),
  readDataUrl: (text) => readDataUrl(new URL(`data:${text},`)),
  readStrictTransportSecurity,
  hostAndAbove: (text) => hostAndAbove(hstsHost(text) ?? ''),
  readChallenges: (text) => readChallenges([text]),
  parseAuthInfo: (text) => parseAuthInfo([text]),
  readLocation: (text) => readLocation([text], new URL('http://a/b')),
  parseRetryAfter: (text) => parseRetryAfter(text, 0),
  parseNoProxy: quietly((text) => parseNoProxy(text)),
  shownUrl: (text) => shownUrl(`http://a/${text}`),
  keepSendable,
  HTTPMessage: (text) => new HTTPMessage([['Content-Type', `a/b${text}`]]).getparam('charset'),
  'HTTPMessage.getaddrlist': (text) => new HTTPMessage([['From', text]]).getaddrlist('From'),
  'HTTPMessage.getdate_tz': (text) => new HTTPMessage([['Date', text]]).getdate_tz('Date'),
}
const UNITS = [
  ';',
  '; ',
  ';=',
  ';a=',
  ';"',
  '"',
  '\\',
  '\\"',
  ',',
  ', ',
  '/',
  '=',
  ' ',
  '\t',
  '\r\n\t',
  'a',
  ':',
  '(',
  '<',
  '@',
  '[',
  '.',
  '0',
  '-',
  '%',
]
const BEGINNINGS = ['', 'text/html', 'a; charset="', '; a=']
/** What ends a value that was meant to end with what is repeated. */
const ENDS = ['', 'x']

describe('reading a value takes time linear in its length', () => {
  for (const [name, read] of Object.entries(READERS)) {
    it(name, () => {
      for (const beginning of BEGINNINGS) {
        for (const unit of UNITS) {
          for (const end of ENDS) {
            assertLinear(
              `${name} of ${JSON.stringify(`${beginning}${unit}`)}…${end}`,
              (length) => beginning + unit.repeat(length / unit.length) + end,
              read,
              8_000,
            )
          }
        }
      }
    })
  }
})

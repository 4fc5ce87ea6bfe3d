import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { decodeForgivingBase64, percentDecode, readDataUrl } from '../../src/fetch/data-url.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

describe('data: URL processor (Fetch §6)', () => {
  const cases: readonly (readonly [url: string, contentType: string | undefined, text?: string])[] = [
    ['data:,x', 'text/plain;charset=US-ASCII', 'x'],
    ['data:,', 'text/plain;charset=US-ASCII', ''],
    ['data:', undefined],
    ['data:text/html', undefined],
    ['data:text/html,X', 'text/html', 'X'],
    ['data:;charset=x,X', 'text/plain;charset=x', 'X'],
    ['data:; charset=x ; charset=x,X', 'text/plain;charset=x', 'X'],
    ['data:text/html;charset=x;base64,WA==', 'text/html;charset=x', 'X'],
    ['data:;base64,WA', 'text/plain;charset=US-ASCII', 'X'],
    ['data:;base64;,WA', 'text/plain', 'WA'],
    ['data:;bASe64 ,WA', 'text/plain;charset=US-ASCII', 'X'],
    ['data:x;base64,WA', 'text/plain;charset=US-ASCII', 'X'],
    ['data:;  base64  ,WA', 'text/plain;charset=US-ASCII', 'X'],
    ['data:image/png,%E4%FF', 'image/png', '\u00e4\u00ff'],
    ['data:,%4', 'text/plain;charset=US-ASCII', '%4'],
    ['data:,a#part', 'text/plain;charset=US-ASCII', 'a'],
    ['data:,a#', 'text/plain;charset=US-ASCII', 'a'],
    ['data:,a?b,c', 'text/plain;charset=US-ASCII', 'a?b,c'],
    ['data:;base64,W%20A%3D%3D', 'text/plain;charset=US-ASCII', 'X'],
    ['data:;base64,W', undefined],
    ['data:;base64,W-', undefined],
  ]
  for (const [url, contentType, text] of cases) {
    it(url, () => {
      const data = readDataUrl(new URL(url))
      assert.equal(data?.contentType, contentType)
      assert.equal(data?.bytes.toString('latin1'), text)
    })
  }

  it('percent-decoding leaves alone what is none', () => {
    assert.equal(percentDecode('%25%s%1G%41').toString(), '%%s%1GA')
  })

  it('forgiving base64 takes white space and missing padding, and nothing odd', () => {
    assert.equal(decodeForgivingBase64(' Y\tQ = =\n')?.toString(), 'a')
    assert.equal(decodeForgivingBase64('YQ')?.toString(), 'a')
    for (const wrong of ['Y', 'YQ=', 'YQ===', 'Y=Q=', '====', 'Y_'])
      assert.equal(decodeForgivingBase64(wrong), undefined, wrong)
    assert.equal(decodeForgivingBase64('')?.length, 0)
  })
})

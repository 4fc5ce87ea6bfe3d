// What -v shows of a whole exchange; the parts are in wire-view.test.ts.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { wire } from '../support/bytes.ts'
import { answering } from '../support/canned-answer.ts'
import { runCommand } from '../support/command.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

const version = (JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }).version

describe('the view of -v', () => {
  it('goes to standard error, with the body on standard output', async () => {
    await using server = await answering(wire`
HTTP/1.1 301 Moved
Location: http://me:pw@h/
Set-Cookie: a=b
Content-Length: 4
Content-Length: 4

spam`)
    const { stdout, stderr } = await runCommand(['-v', `http://u:p@127.0.0.1:${server.port}/?q`])
    assert.equal(stdout.toString(), 'spam')
    const shown = stderr.replaceAll(String(server.port), 'PORT').replace(/[\d.]+ ms/g, 'TIME')
    assert.deepEqual(shown.split('\n'), [
      '* connecting to 127.0.0.1:PORT',
      '* connected to 127.0.0.1:PORT (connection TIME)',
      '> GET /?q HTTP/1.1',
      '> Host: 127.0.0.1:PORT',
      '> Authorization: ***',
      `> User-Agent: httplib/${version}`,
      '> Accept: */*',
      '>',
      '< HTTP/1.1 301 Moved',
      '< Location: http://***@h/',
      '< Set-Cookie: ***',
      '< Content-Length: 4',
      '< Content-Length: 4',
      '<',
      ...shown.split('\n').filter((line) => line.startsWith('* let through: ')),
      '* head after TIME, 4 bytes of body in TIME',
      '* a redirect, which is not followed: -L does',
      '',
    ])
    assert.match(shown, /^\* let through: .*length/im)
  })

  it('shows trailers, and colours where they are wanted', async () => {
    await using server = await answering(wire`
HTTP/1.1 200 OK
Transfer-Encoding: chunked

0
X-Sum: 1

`)
    const { stderr } = await runCommand(['-v', `http://127.0.0.1:${server.port}`], {
      env: { FORCE_COLOR: '1' },
    })
    assert.match(stderr, /\x1b\[2m\* trailer: X-Sum: 1\x1b\[22m/)
    assert.match(stderr, /\x1b\[36m>\x1b\[39m /)
  })
})

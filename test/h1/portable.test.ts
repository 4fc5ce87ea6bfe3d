// The engine runs where there is no Node: its files are loaded into a context that has the language and what every browser
// and worker has, no Buffer, no process, no module of Node; there an exchange is written and read in both roles.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

/** Runs in a process of its own: loading modules into a context needs a flag. */
const LOADER = `
  import { readFileSync } from 'node:fs'
  import vm from 'node:vm'
  const context = vm.createContext({ TextEncoder })
  const loaded = new Map()
  const load = (url) => {
    if (!loaded.has(url)) loaded.set(url, new vm.SourceTextModule(readFileSync(new URL(url), 'utf8'), { context, identifier: url }))
    return loaded.get(url)
  }
  const link = (specifier, { identifier }) => {
    if (!/^[.][.]?[/]/.test(specifier)) throw new Error(identifier + ' imports ' + specifier)
    return load(new URL(specifier, identifier).href)
  }
  const engine = load(process.argv[1])
  await engine.link(link)
  await engine.evaluate()
  context.h1 = engine.namespace
  process.stdout.write(JSON.stringify(vm.runInContext(process.argv[2], context)))
`

/** In the context: two engines, each given what the other one wrote, byte by byte. */
const EXCHANGE = `(() => {
  const codes = (text) => Uint8Array.from(text, (character) => character.charCodeAt(0))
  const shown = (event) => ({
    ...event,
    ...(event.bytes === undefined ? {} : { bytes: String.fromCharCode(...event.bytes) }),
  })
  const client = new h1.H1Engine('client')
  const server = new h1.H1Engine('server')
  const seen = []
  const pass = (parts, to) => {
    for (const part of parts) {
      for (const byte of typeof part === 'string' ? codes(part) : part) {
        to.receive(Uint8Array.of(byte))
        for (let event = to.nextEvent(); event.type !== 'need-data' && event.type !== 'paused'; event = to.nextEvent()) {
          seen.push(shown(event))
        }
      }
    }
  }
  const errorOf = (act) => {
    try {
      act()
    } catch (error) {
      return [error.name, error.code, error.partial === undefined ? undefined : [...error.partial]]
    }
  }
  pass(client.send({ type: 'request', method: 'POST', target: '/', fields: [['Host', 'a'], ['Transfer-Encoding', 'chunked']] }), server)
  pass(client.send({ type: 'data', bytes: 'h\\u00e9' }), server)
  pass(client.send({ type: 'end', trailers: [['X-T', '1']] }), server)
  pass(server.send({ type: 'response', status: 200, reason: 'OK', fields: [['Content-Length', '3'], ['X', '\\u00ff']] }), client)
  pass(server.send({ type: 'data', bytes: codes('yes') }), client)
  pass(server.send({ type: 'end' }), client)
  // The same head again: from memory.
  pass(client.send({ type: 'request', method: 'GET', target: '/', fields: [['Host', 'a']] }), server)
  pass(client.send({ type: 'end' }), server)
  client.receive(codes('HTTP/1.1 200 OK\\r\\nContent-Length: 3\\r\\nX: \\u00ff\\r\\n\\r\\nx'))
  seen.push(shown(client.nextEvent()), shown(client.nextEvent()))
  client.receive(null)
  const cut = errorOf(() => client.nextEvent())
  const tunnel = new h1.H1Engine('client')
  tunnel.send({ type: 'request', method: 'CONNECT', target: 'b:443', fields: [['Host', 'b']] })
  tunnel.send({ type: 'end' })
  tunnel.receive(codes('HTTP/1.1 200 OK\\r\\n\\r\\nhi'))
  tunnel.nextEvent()
  const trailing = [...tunnel.takeTrailing()]
  const half = new h1.H1Engine('client')
  half.send({ type: 'request', method: 'GET', target: '/', fields: [['Host', 'b']] })
  half.receive(codes('HTTP'))
  half.nextEvent()
  half.receive(null)
  const globals = [typeof Buffer, typeof process, typeof require]
  return { seen, cut, trailing, half: errorOf(() => half.nextEvent()), globals }
})()`

const data = (bytes: string) => ({ type: 'data', bytes })

describe('the engine without Node', () => {
  it('writes and reads exchanges where neither Buffer nor process is', () => {
    const entry = new URL('../../src/h1/index.js', import.meta.url).href
    const file = fileURLToPath(entry)
    const { stdout, stderr, status } = spawnSync(
      process.execPath,
      ['--experimental-vm-modules', '--no-warnings', '--input-type=module', '-e', LOADER, entry, EXCHANGE],
      { encoding: 'utf8' },
    )
    assert.equal(status, 0, `${file}: ${stderr}`)
    const head = {
      type: 'response',
      status: 200,
      reason: 'OK',
      version: 11,
      codings: [],
      persists: true,
      defects: [],
    }
    const fields = [
      ['Content-Length', '3'],
      ['X', '\u00ff'],
    ]
    const answer = { ...head, fields, framing: { kind: 'length', length: 3 } }
    const asked = { type: 'request', target: '/', version: 11, defects: [] }
    assert.deepEqual(JSON.parse(stdout), {
      seen: [
        {
          ...asked,
          method: 'POST',
          fields: [
            ['Host', 'a'],
            ['Transfer-Encoding', 'chunked'],
          ],
          framing: { kind: 'chunked' },
        },
        ...['h', '\xc3', '\xa9'].map(data),
        { type: 'end', trailers: [['X-T', '1']] },
        answer,
        ...['y', 'e', 's'].map(data),
        { type: 'end', trailers: [] },
        { ...asked, method: 'GET', fields: [['Host', 'a']], framing: { kind: 'none' } },
        { type: 'end', trailers: [] },
        answer,
        data('x'),
      ],
      cut: ['IncompleteRead', 'INCOMPLETE_BODY', []],
      trailing: [0x68, 0x69],
      half: ['IncompleteRead', 'INCOMPLETE_HEAD', [0x48, 0x54, 0x54, 0x50]],
      globals: ['undefined', 'undefined', 'undefined'],
    })
  })
})

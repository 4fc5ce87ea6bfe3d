// `--to`: the code of every language runs, and sends what the command sends: method, target, fields and body.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, describe, it } from 'node:test'
import { assertTold, runCommand } from '../support/command.ts'
import { need } from '../support/need.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { startRawServer } from '../support/raw-server.ts'
import { repositoryRoot } from '../support/repository.ts'

const folder = mkdtempSync(path.join(os.tmpdir(), 'httplib-to-'))
after(() => rmSync(folder, { recursive: true }))
checkOpenHandles()
symlinkSync(path.join(repositoryRoot, 'node_modules'), path.join(folder, 'node_modules'))

const file = path.join(folder, 'a file.json')
writeFileSync(file, '{"a": "\u00e9"}\n')
const binary = path.join(folder, 'binary')
writeFileSync(binary, Buffer.from([0, 255, 10, 13, 128]))

async function code(words: readonly string[]): Promise<string> {
  const { code: exit, stdout, stderr } = await runCommand(words)
  assert.deepEqual([exit, stderr], [0, ''])
  return stdout.toString()
}

/** What a server was sent, as far as the languages are to agree on it. */
interface Sent {
  readonly line: string
  /** By lower-case names, repeated ones joined as RFC 9110 §5.3 has it. */
  readonly fields: ReadonlyMap<string, string>
  readonly body: string
}

function readSent(bytes: Buffer): Sent {
  const [head = '', ...rest] = bytes.toString('latin1').split('\r\n\r\n')
  const [line = '', ...lines] = head.split('\r\n')
  const fields = new Map<string, string>()
  for (const one of lines) {
    const [, name = '', value = ''] = /^([^:]+): ?(.*)$/.exec(one) ?? []
    const before = fields.get(name.toLowerCase())
    fields.set(name.toLowerCase(), before === undefined ? value : `${before}, ${value}`)
  }
  return { line, fields, body: rest.join('\r\n\r\n') }
}

/** A server that keeps what it is sent: one request of each connection. */
async function startRecorder(): Promise<
  { origin: string; take: (count: number) => Sent[] } & AsyncDisposable
> {
  const seen: Buffer[] = []
  const server = await startRawServer(async (peer) => {
    await peer.request()
    seen.push(peer.received)
    await peer.reply(Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'))
    peer.close()
  })
  return {
    origin: `http://127.0.0.1:${server.port}`,
    take: (count) => {
      assert.equal(seen.length, count)
      return seen.splice(0).map(readSent)
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

async function runs(program: string, words: readonly string[]): Promise<void> {
  const child = spawn(program, words, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
  let stderr = ''
  child.stderr.on('data', (bytes: Buffer) => {
    stderr += bytes.toString()
  })
  const [exit] = (await once(child, 'close')) as [number | null]
  assert.equal(exit, 0, stderr)
}

const ALL_OF_NODE = 'for (const name of process.argv.slice(1)) await import(name)'
const ALL_OF_PYTHON = 'import runpy, sys\nfor name in sys.argv[1:]: runpy.run_path(name, run_name="__main__")'
const runNode = (names: readonly string[]): Promise<void> =>
  runs(process.execPath, ['--input-type=module', '-e', ALL_OF_NODE, ...names])

/** How programs of a language are run, one after the other, in one process: each costs more to begin than to run. */
const LANGUAGES = {
  fetch: { tool: 'node', end: 'mjs', run: runNode },
  undici: { tool: 'node', end: 'mjs', run: runNode },
  python: {
    tool: 'python3',
    end: 'py',
    run: (names: readonly string[]) => runs('python3', ['-c', ALL_OF_PYTHON, ...names]),
  },
  curl: {
    tool: 'curl',
    end: 'sh',
    run: (names: readonly string[]) => runs('sh', ['-ec', 'for name; do sh "$name"; done', 'sh', ...names]),
  },
} as const

const CASES: readonly (readonly string[])[] = [
  ['/a?b=c&d=%20'],
  ['-X', 'PUT', '-d', "it's\n\\ \u00e9 \u{1f600} \u2028", '-H', 'X-A: "q\\"', '/'],
  ['-X', 'DELETE', '-H', 'X-A: caf\u00e9', '-A', 'm\u00fc', '-e', 'http://r/', '-b', 'a=b; c=d', '/x'],
  ['-H', 'A: 1', '-H', 'a: 2', '-H', 'X-Empty;', '/'],
  ['-H', 'A: 1', '-H', 'A: 2', '-d', 'x', '/'],
  ['-H', '__proto__: 1', '-H', 'constructor: 2', '/'],
  ['-H', 'Content-Type:', '-d', 'plain', '/'],
  ['-u', 'me:p\u00e4ss', '--json', '{"a":1}', '/j'],
  ['-r', '0-4', '-G', '--data-urlencode', 'q=a b&c', '-d', 'z=1', '/s?x'],
  ['-T', file, '/folder/'],
  ['-d', `@${file}`, '/'],
  ['--data-binary', `@${file}`, '/'],
  ['--data-binary', `@${binary}`, '/'],
  ['--data-binary', `@${binary}`, '-d', 'more', '/'],
  ['POST', '/nothing'],
  ['PATCH', '-d', '', '/empty'],
  ['-m', '5', '-L', '-k', '/q?a=%27'],
  ['-H', 'Host: other.example', '-H', 'B: 1', '-H', 'B: 2', '/'],
]

for (const [language, { tool, end, run }] of Object.entries(LANGUAGES)) {
  describe(`--to ${language}`, () => {
    it('sends what the command sends', { skip: need(tool) }, async () => {
      await using server = await startRecorder()
      const programs: { name: string; text: string; ours: Sent }[] = []
      for (const [index, given] of CASES.entries()) {
        const words = [...given.slice(0, -1), `${server.origin}${given.at(-1)}`]
        // The fetch of Node keeps its own Host, and sends no __proto__, and says nothing: that is refused.
        if (language === 'fetch' && /^(?:Host|__proto__):/.test(given[1] ?? '')) continue
        assert.equal((await runCommand(words)).code, 0)
        const [ours] = server.take(1)
        const text = await code(['--to', language, ...words])
        const name = path.join(folder, `${language}-${index}.${end}`)
        writeFileSync(name, text)
        programs.push({ name, text, ours: ours! })
      }
      await run(programs.map(({ name }) => name))
      const sent = server.take(programs.length)
      for (const [index, { text, ours }] of programs.entries()) {
        const theirs = sent[index]!
        assert.equal(theirs.line, ours.line, text)
        assert.equal(theirs.body, ours.body, text)
        for (const [field, value] of ours.fields) {
          const isOwn = (field === 'accept' && value === '*/*') || value.startsWith('httplib/')
          // Of a POST without a body, curl does not say that it has none.
          const isLength = field === 'content-length' && value === '0' && language === 'curl'
          if (!isOwn && !isLength) assert.equal(theirs.fields.get(field), value, `${field} in ${text}`)
        }
        const typed = [theirs, ours].map(({ fields }) => fields.has('content-type'))
        assert.equal(typed[0], typed[1], text)
      }
    })
  })
}

describe('--to', () => {
  const url = 'https://example.com/a?b=c'

  it('writes the code of one URL for each, with what belongs to it', async () => {
    const two = await code(['--to', 'curl', '-T', file, '-o', 'x', 'http://h/1', '-T', binary, 'http://h/2'])
    assert.equal(two, `curl -o x -T '${file}' http://h/1\ncurl -T ${binary} http://h/2\n`)
    assertTold(await runCommand(['--to', 'fetch', 'h/1', 'h/2']), /--to fetch writes one request/)
    assert.equal(await code(['--to', 'curl', 'http://h/[1-2]']), 'curl http://h/1\ncurl http://h/2\n')
  })

  it('is a line of curl with all that was said', async () => {
    const words = ['-L', '-k', '-m', '2', '-X', 'PATCH', '-d', "it's", '-H', 'X-Empty;', url]
    assert.equal(
      await code(['--to', 'curl', ...words]),
      `curl -X PATCH -H 'X-Empty;' -L -d 'it'\\''s' -k -m 2 'https://example.com/a?b=c'\n`,
    )
    assert.equal(await code(['--to', 'curl', 'HEAD', 'h']), 'curl -I h\n')
    assert.equal(await code(['--to', 'curl', '-I', 'h']), 'curl -I h\n')
    assert.equal(
      await code([
        '--to',
        'curl',
        '-F',
        `a=@${binary}`,
        '--form-string',
        'b=@',
        '-N',
        '-x',
        'p:1',
        '--plain',
        '-g',
        'h/[',
      ]),
      `curl -g -F a=@${binary} --form-string b=@ -N -x p:1 'h/['\n`,
    )
  })

  it('names what the language cannot say, and no value of it', async () => {
    const words = [
      '-x',
      'http://me:secret@p:1',
      '--retry',
      '2',
      '--digest',
      '-u',
      'me:secret',
      '--compressed',
      url,
    ]
    for (const [language, mark] of [
      ['fetch', '//'],
      ['undici', '//'],
      ['python', '#'],
    ]) {
      const [first, ...rest] = (await code(['--to', language!, '-s', '-k', '-o', 'x', ...words])).split('\n')
      const insecure = language === 'fetch' ? ', --insecure' : ''
      assert.equal(first, `${mark} Not said here: --compressed, --digest, --proxy${insecure}, --retry.`)
      assert.doesNotMatch(rest.join('\n'), /Accept-Encoding/)
    }
    assert.match(
      await code(['--to', 'undici', '-k', '-L', url]),
      /rejectUnauthorized: false \} \}\)\.compose\(/,
    )
    assert.match(
      await code(['--to', 'python', '-k', '-L', url]),
      /import ssl\n[^]*HTTPSConnection\('example.com', context=ssl\.[^]*no redirects/,
    )
  })

  it('refuses what it cannot write', async () => {
    assertTold(await runCommand(['--to', 'cobol', url]), /knows no cobol/)
    for (const words of [
      ['-H', 'X-\u00dc: 1'],
      ['-X', 'A B'],
    ]) {
      const [told, sent] = [
        await runCommand(['--to', 'curl', ...words, url]),
        await runCommand([...words, url]),
      ]
      assert.deepEqual([told.code, sent.code], [2, 2])
      assertTold(told, /is not a token/)
    }
    for (const [language, words, why] of [
      ['fetch', ['GET', '-d', 'x', url], /fetch sends no body with GET/],
      ['fetch', ['-X', 'TRACE', url], /cannot send the method TRACE/],
      ['fetch', ['-X', 'post', url], /cannot send the method post/],
      ['fetch', ['--path-as-is', 'http://h/a/../b'], /cannot ask for \/a\/\.\.\/b/],
      ['undici', ['--request-target', '*', 'http://h/'], /cannot ask for \*/],
      ['undici', ['-H', 'Expect: 100-continue', '-d', 'x', url], /cannot send Expect/],
      ['fetch', ['-H', 'Host: h', url], /cannot send Host/],
      ['fetch', ['-H', '__proto__: h', url], /cannot send __proto__/],
      ['fetch', ['-H', 'Connection: upgrade', url], /cannot send Connection/],
      ['python', ['-H', 'Transfer-Encoding: chunked', '-d', 'x', url], /frames the body by itself/],
      ['python', ['-T', '-', url], /standard input/],
    ] as const) {
      const result = await runCommand(['--to', language, ...words])
      assertTold(result, why)
      assert.equal(result.code, 2)
      assert.match(result.stderr, /Try: --to curl\n$/)
    }
  })
})

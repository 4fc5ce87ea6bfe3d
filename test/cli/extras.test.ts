// What curl does not have: the plan, timings, archives, pages, code, a small load, downloads that go on, completions.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, describe, it } from 'node:test'
import { gzipSync } from 'node:zlib'
import { formatBench, percentileOf } from '../../src/cli/transfer/bench.ts'
import { splitShellWords } from '../../src/cli/words/shell-words.ts'
import { OPTIONS } from '../../src/cli/words/table.ts'
import { assertTold, runCommand } from '../support/command.ts'
import { CommandPeer } from '../support/command-peer.ts'
import { need } from '../support/need.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { startRawServer } from '../support/raw-server.ts'

const folder = mkdtempSync(path.join(os.tmpdir(), 'httplib-extras-'))
after(() => rmSync(folder, { recursive: true }))
checkOpenHandles()

const text = async (words: readonly string[], stdin = ''): Promise<string> => {
  const { code, stdout, stderr } = await runCommand(words, { stdin })
  assert.deepEqual([code, stderr], [0, ''])
  return stdout.toString()
}

describe('--explain', () => {
  it('tells what would be done, without credentials, and sends nothing', async () => {
    await using server = await startRawServer(() => {})
    const words = [
      '--explain',
      '-L',
      '-u',
      'me:secret',
      '-d',
      'x',
      '-C',
      '5',
      '-f',
      '--retry',
      '2',
      '-o',
      '/tmp/none',
    ]
    const plan = await text([...words, `http://127.0.0.1:${server.port}/a`])
    assert.match(plan, /^POST http:\/\/127\.0\.0\.1:\d+\/a\n/)
    assert.match(plan, /Authorization: \*\*\*/)
    // The whole head, in the order in which it goes out; the method has a body of one byte.
    assert.deepEqual(
      plan.match(/^ {4}[A-Z][\w-]+: /gm)?.map((line) => line.trim().slice(0, -1)),
      ['Host', 'Authorization', 'Range', 'User-Agent', 'Accept', 'Content-Length', 'Content-Type'],
    )
    assert.match(plan, /body +1 bytes, can be sent again\n/)
    assert.match(plan, /redirect: follows up to 50/)
    assert.match(plan, /output +\/tmp\/none\n.*from byte 5\n.*up to 2 times.*\n.*with 22/s)
    assert.doesNotMatch(plan, /secret/)
    assert.equal(server.accepted, 0)
  })

  it('tells where --connect-to and --resolve lead, and that a proxy is asked for that place', async () => {
    const bent = ['--connect-to', '::b.test:9', '--resolve', 'b.test:9:127.0.0.1']
    const plan = await text(['--explain', '-x', 'p.test', ...bent, 'http://a.test/'])
    assert.match(plan, /^GET http:\/\/a\.test\/\n +route +http:\/\/p\.test:1080: what the options say\n/)
    assert.match(plan, /\n +leads to +b\.test:9: --connect-to\n +is at +127\.0\.0\.1: --resolve\n/)
    assert.doesNotMatch(await text(['--explain', 'http://a.localhost/']), /--connect-to|--resolve/)
  })

  it('tells of several URLs in their order, with -Z too', async () => {
    const plans = await text(['-Z', '--explain', 'http://h/[1-9]'])
    assert.deepEqual(
      plans.match(/^GET .*$/gm),
      Array.from({ length: 9 }, (_, i) => `GET http://h/${i + 1}`),
    )
  })
})

describe('httplib curl', () => {
  it('takes a line as it was copied, in one word or in several', async () => {
    await using peer = await CommandPeer.start()
    const url = `http://127.0.0.1:${peer.port}/ok`
    assert.equal(await text(['curl', `curl -s '${url}' \\\n  -H "X: \\"y\\""`]), 'hello\n')
    assert.match(peer.takeRequests(), /^X: "y"\r$/m)
    assert.equal(await text(['curl', '-s', url]), 'hello\n')
  })

  it('splits as a shell does', () => {
    assert.deepEqual(splitShellWords('a  b\\ c \'d "e\' "f\'\\"g\\n" $\'h\\n\\q\' i""j \\\r\nk'), [
      'a',
      'b c',
      'd "e',
      'f\'"g\\n',
      'h\n\\q',
      'ij',
      'k',
    ])
    assert.throws(() => splitShellWords("a 'b"), { message: /not closed/ })
  })

  it('is no script: what is for the shell is refused, but in quotation marks', async () => {
    for (const [line, operator] of [
      ['h | jq .', '|'],
      ['h || x', '||'],
      ['h > f', '>'],
      ['h>>f', '>>'],
      ['h 2>f', '>'],
      ['h && x', '&&'],
      ['h &', '&'],
      ['h; x', ';'],
      ['-d @- h < f', '<'],
    ] as const)
      assert.throws(() => splitShellWords(line), {
        message: `the line has ${operator} in it, which is for the shell`,
      })
    assert.deepEqual(splitShellWords(`h?a&b 'a|b;c>d&&e' "f < g &" \\;`), [
      'h?a&b',
      'a|b;c>d&&e',
      'f < g &',
      ';',
    ])
    for (const words of [['--version'], ['-h']])
      assert.equal(await text(['curl', ...words]), await text(words), words[0])
    assertTold(await runCommand(['curl']), /there is no line of curl/)
  })

  it('may have the prompt of a shell before it', async () => {
    await using peer = await CommandPeer.start()
    for (const words of [
      [`$ curl -s http://127.0.0.1:${peer.port}/ok`],
      ['$', 'curl', `http://127.0.0.1:${peer.port}/ok`],
    ]) {
      const { code, stderr } = await runCommand(['curl', ...words])
      assert.deepEqual([code, stderr], [0, ''])
    }
    assert.equal(peer.takeRequests().match(/^GET \/ok /gm)?.length, 2)
  })
})

/** An archive, as far as it is looked at. */
interface Entry {
  readonly startedDateTime: string
  readonly time: number
  readonly serverIPAddress: string
  readonly request: {
    readonly method: string
    readonly headersSize: number
    readonly bodySize: number
    readonly queryString: readonly object[]
    readonly postData?: object
  }
  readonly response: {
    readonly status: number
    readonly bodySize: number
    readonly content: { readonly size: number; readonly compression?: number }
  }
  readonly timings: Readonly<Record<string, number>>
}

/** What came, what it was unpacked to, and how many bytes that saved. */
const sizes = ({ response: { bodySize, content } }: Entry): unknown[] => [
  bodySize,
  content.size,
  content.compression,
]

async function archive(
  words: readonly string[],
): Promise<{ whole: string; version: string; entries: Entry[] }> {
  const file = path.join(folder, 'x.har')
  assert.equal((await runCommand(['-s', '--har', file, ...words])).code, 0)
  const whole = readFileSync(file, 'utf8')
  const { log } = JSON.parse(whole) as { log: { version: string; entries: Entry[] } }
  return { whole, ...log }
}

describe('timings', () => {
  it('are told as a waterfall of each phase, or of each exchange where there are many', async () => {
    await using peer = await CommandPeer.start()
    const url = `http://127.0.0.1:${peer.port}`
    const { stderr } = await runCommand(['--timings', '-L', `${url}/chain/1?token=secret`])
    const shown = stderr.replace(/[\d.]+ ms/g, 'T')
    assert.match(
      shown,
      /^GET http:\/\/127\.0\.0\.1:\d+\/chain\/1 302, T\n(?: {2}\w+ +T +[█▏]+\n)+GET .*\/chain\/0 200, T\n/,
    )
    assert.doesNotMatch(stderr, /secret/)
    const many = (await runCommand(['--timings', '-Z', ...Array.from({ length: 5 }, () => `${url}/ok`)]))
      .stderr
    assert.equal(many.trimEnd().split('\n').length, 5)
    for (const line of many.trimEnd().split('\n')) {
      assert.match(line, /^(?:GET|…).* 200 +[\d.]+ m?s /)
      assert.ok(line.length <= 80, line)
    }
  })

  it('are told of an exchange that failed', async () => {
    await using peer = await CommandPeer.start()
    const { stderr } = await runCommand(['-s', '--timings', `http://127.0.0.1:${peer.port}/nothing`])
    assert.match(stderr, /^GET .*\/nothing no answer, /)
  })

  it('make an archive of version 1.2, with credentials masked', async () => {
    await using peer = await CommandPeer.start()
    const url = `http://127.0.0.1:${peer.port}/chain/1?token=secret&a=b`
    const { whole, version, entries } = await archive(['-L', '-u', 'me:secret', '-d', 'x=1', url])
    assert.doesNotMatch(whole, /secret|bWU6c2VjcmV0/)
    assert.equal(version, '1.2')
    assert.deepEqual(
      entries.map(({ request, response }) => [
        request.method,
        request.bodySize,
        response.status,
        response.content.size,
      ]),
      [
        ['POST', 3, 302, 0],
        ['GET', 0, 200, 4],
      ],
    )
    for (const entry of entries) {
      assert.match(entry.startedDateTime, /^\d{4}-\d\d-\d\dT/)
      assert.equal(entry.serverIPAddress, '127.0.0.1')
      const names = ['blocked', 'dns', 'connect', 'ssl', 'send', 'wait', 'receive']
      for (const name of names) assert.equal(typeof entry.timings[name], 'number')
    }
    assert.deepEqual(entries[0]!.request.queryString.at(-1), { name: 'a', value: 'b' })
  })

  it('make an archive in which sizes and times are those of HAR 1.2', async () => {
    await using peer = await CommandPeer.start()
    const at = (route: string): string => `http://127.0.0.1:${peer.port}/${route}`
    const coded = gzipSync('compressed\n'.repeat(50)).length
    const [unpacked] = (await archive(['--compressed', at('gzip')])).entries
    assert.deepEqual(sizes(unpacked!), [coded, 550, 550 - coded])
    const [packed] = (await archive([at('gzip')])).entries
    assert.deepEqual(sizes(packed!), [coded, coded, undefined])
    const [empty] = (await archive(['-I', at('ok')])).entries
    assert.deepEqual(sizes(empty!), [0, 0, undefined])
    peer.takeRequests()
    const posted = (await archive(['-d', 'a=secret', at('any')])).entries[0]!.request
    const [head = '', body = ''] = peer.takeRequests().split('\r\n\r\n')
    assert.deepEqual([posted.headersSize, posted.bodySize], [head.length + 4, body.length])
    assert.match(
      JSON.stringify(posted.postData),
      /^\{"mimeType":"application\/x-www-form-urlencoded","params":\[\],"text":"",/,
    )
    // Every request has an entry; time is the sum of the timings, ssl being in connect.
    const { entries } = await archive(['--retry', '1', '--retry-delay', '0.01', at('flaky')])
    assert.deepEqual(
      entries.map(({ response }) => [response.status, response.bodySize]),
      [
        [503, 8],
        [200, 4],
      ],
    )
    for (const { time, timings } of [unpacked!, ...entries]) {
      const { ssl: _inConnect, ...others } = timings
      const sum = Object.values(others).reduce((all, ms) => all + Math.max(0, ms), 0)
      assert.ok(Math.abs(time - sum) < 0.01, `${time} is not ${sum}`)
    }
  })

  it('make a page that needs nothing else', async () => {
    await using peer = await CommandPeer.start()
    const file = path.join(folder, 'x.html')
    const url = `http://127.0.0.1:${peer.port}`
    assert.equal((await runCommand(['-s', '--waterfall', file, `${url}/ok`, `${url}/a&b`])).code, 0)
    const page = readFileSync(file, 'utf8')
    assert.match(page, /^<!doctype html>/)
    assert.match(page, /2 exchanges in/)
    assert.doesNotMatch(page, /<script|src=|@import|url\(/)
    assert.match(page, /class="wait"/)
    assert.match(page, /\/a&amp;b</)
  })

  it('go to standard output by the name -', async () => {
    await using peer = await CommandPeer.start()
    const url = `http://127.0.0.1:${peer.port}/ok`
    assert.match(await text(['-s', '-o', path.join(folder, 'x'), '--har', '-', url]), /^\{\n {2}"log": \{/)
    assert.match(
      await text(['-s', '-o', path.join(folder, 'x'), '--waterfall', '-', url]),
      /^<!doctype html>/,
    )
  })

  it('are a failure where they cannot be written', async () => {
    await using peer = await CommandPeer.start()
    const result = await runCommand(['--har', '/no/such/x.har', `http://127.0.0.1:${peer.port}/ok`])
    assert.equal(result.code, 23)
    assertTold(result, /the report could not be written/)
  })
})

describe('--bench', () => {
  it('sends as many as it is told, so many at once, and counts them', async () => {
    await using peer = await CommandPeer.start()
    const told = await text(['--bench', '30', '--parallel-max', '3', `http://127.0.0.1:${peer.port}/ok`])
    assert.match(told, /^30 answers in [\d.]+ m?s, 3 at once over [123] connections\nrate +[\d.]+ a second/)
    assert.match(told, /statuses {2}200: 30\nbounds/)
    assert.equal(peer.takeRequests().match(/^GET \/ok /gm)?.length, 30)
  })

  it('counts failures, and knows its bounds', async () => {
    const dead = await runCommand(['--bench', '2', 'http://127.0.0.1:1/'])
    assert.equal(dead.code, 7)
    assert.match(dead.stdout.toString(), /^0 answers in .*\nfailed +CONNECT_REFUSED: 2\n$/)
    assertTold(dead, /refused/)
    assertTold(await runCommand(['--bench', '0', 'http://h/']), /--bench takes 1 to/)
    assertTold(await runCommand(['--bench', '2', '-T', '-', 'http://h/']), /standard input/)
    const result = {
      atOnce: 1,
      elapsedMs: 1_000,
      durations: [1, 2, 3, 4],
      statuses: new Map([[200, 4]]),
      errors: new Map(),
      failure: undefined,
      bytes: 5_000,
      connections: 1,
      busy: 0.95,
    }
    assert.match(formatBench(result), /rate +4\.0 a second, 5\.0 kB\/s\n.*50 % 2\.0 ms.*longest 4\.0 ms/)
    assert.match(formatBench(result), /busy 95 % of the time: the server may be faster/)
  })

  it('sends each request as the first one', async () => {
    await using server = await startRawServer(async (peer) => {
      await peer.request()
      await peer.reply(Buffer.from('HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n'))
      peer.close()
    })
    // A request that followed another one had its URL as the referer, and its scheme was judged.
    const words = ['--bench', '3', '-e', ';auto', '--proto-redir', '=https', '--parallel-max', '1']
    const told = await runCommand([...words, `http://127.0.0.1:${server.port}/`])
    assert.match(told.stdout.toString(), /^3 answers in /)
    assert.deepEqual([told.code, told.stderr], [0, ''])
    for (const { received } of server.peers) assert.doesNotMatch(received.toString(), /^referer:/im)
  })

  it('tells the last failure where some were answered, and ends with its code', async () => {
    await using server = await startRawServer(async (peer, index) => {
      await peer.request()
      const length = index === 1 ? 9 : 2
      await peer.reply(
        Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\nConnection: close\r\n\r\nok`),
      )
      peer.close()
    })
    const words = ['--bench', '3', '--parallel-max', '1', `http://127.0.0.1:${server.port}/`]
    const told = await runCommand(words)
    assert.equal(told.code, 18)
    assert.match(told.stdout.toString(), /^2 answers in [^]*\nfailed +INCOMPLETE_BODY: 1\n/)
    assertTold(told, /broke off|incomplete|missing/i)
  })

  it('takes percentiles by the nearest rank', () => {
    const sorted = [15, 20, 35, 40, 50]
    assert.deepEqual(
      [5, 30, 40, 50, 100].map((percent) => percentileOf(sorted, percent)),
      [15, 20, 20, 35, 50],
    )
    assert.ok(Number.isNaN(percentileOf([], 50)))
  })
})

describe('--resume', () => {
  const BODY = 'abcdefghijklmnopqrstuvwxyz'
  const digest = createHash('sha256').update(BODY).digest('base64')

  interface Told {
    readonly etag?: string | undefined
    readonly cutAt?: number
    readonly digest?: string
    readonly status?: number
    readonly start?: number
  }

  /** Answers once, as told; a Range is heeded where If-Range names the version. */
  async function once(told: Told, words: readonly string[]) {
    await using server = await startRawServer(async (peer) => {
      const { head } = await peer.request()
      const [, from] = /^range: bytes=(\d+)-/im.exec(head) ?? []
      const [, ifRange] = /^if-range: (.*)\r/im.exec(head) ?? []
      const isPart = from !== undefined && (ifRange === undefined || ifRange === told.etag)
      const at = isPart ? (told.start ?? Number(from)) : 0
      const status = told.status ?? (isPart ? 206 : 200)
      const fields = [
        `HTTP/1.1 ${status} X`,
        `Content-Length: ${BODY.length - at}`,
        ...(told.etag === undefined ? [] : [`ETag: ${told.etag}`]),
        ...(status === 206 ? [`Content-Range: bytes ${at}-${BODY.length - 1}/${BODY.length}`] : []),
        ...(told.digest === undefined ? [] : [`Repr-Digest: sha-256=:${told.digest}:`]),
      ]
      await peer.reply(
        Buffer.from(`${fields.join('\r\n')}\r\n\r\n${BODY.slice(at, told.cutAt ?? BODY.length)}`),
      )
      peer.close()
    })
    const result = await runCommand([
      '--resume',
      ...words,
      '--connect-to',
      `::127.0.0.1:${server.port}`,
      'http://file.test/file',
    ])
    return { ...result, sent: server.peer.received.toString() }
  }
  const file = path.join(folder, 'download')
  const state = (): [string | undefined, string | undefined] => [
    existsSync(file) ? readFileSync(file, 'utf8') : undefined,
    existsSync(`${file}.part`) ? readFileSync(`${file}.part`, 'utf8') : undefined,
  ]

  it('goes on where it broke off, and is the file only when it is whole', async () => {
    const first = await once({ etag: '"1"', cutAt: 10 }, ['-o', file])
    assert.equal(first.code, 18)
    assert.deepEqual(state(), [undefined, BODY.slice(0, 10)])
    assert.doesNotMatch(first.sent, /^(?:range|if-range):/im)
    const second = await once({ etag: '"1"', digest }, ['-o', file])
    assert.equal(second.code, 0, second.stderr)
    assert.match(second.sent, /^Range: bytes=10-\r\n[^]*^If-Range: "1"\r$/m)
    assert.deepEqual(state(), [BODY, undefined])
    assert.equal(existsSync(`${file}.part.json`), false)
    rmSync(file)
  })

  it('begins again with another version, or where nothing says which it is', async () => {
    await once({ etag: '"1"', cutAt: 10 }, ['-o', file])
    const other = await once({ etag: '"2"' }, ['-o', file])
    assert.deepEqual([other.code, ...state()], [0, BODY, undefined])
    rmSync(file)
    await once({ etag: 'W/"1"', cutAt: 10 }, ['-o', file])
    const unknown = await once({}, ['-o', file])
    assert.doesNotMatch(unknown.sent, /^range:/im)
    assert.deepEqual([unknown.code, ...state()], [0, BODY, undefined])
    rmSync(file)
  })

  it('refuses a wrong digest, another part and a page about an error', async () => {
    const wrong = await once(
      { etag: '"1"', digest: digest.replace(/^./, (one) => (one === 'A' ? 'B' : 'A')) },
      ['-o', file],
    )
    assert.equal(wrong.code, 18)
    assertTold(wrong, /is not what the server has sent\n {2}Why: its SHA-256/)
    assert.deepEqual(state(), [undefined, undefined])
    await once({ etag: '"1"', cutAt: 10 }, ['-o', file])
    const moved = await once({ etag: '"1"', start: 12 }, ['-o', file])
    assert.equal(moved.code, 33)
    assertTold(moved, /begins at byte 12, and 10 are there/)
    const missing = await once({ etag: '"1"', status: 404 }, ['-o', file])
    assert.equal(missing.code, 22)
    assert.deepEqual(state(), [undefined, BODY.slice(0, 10)])
  })

  it('needs a file of its own', async () => {
    assertTold(await runCommand(['--resume', 'http://h/x']), /--resume needs a file/)
    assertTold(await runCommand(['--resume', '-C', '5', '-O', 'http://h/x']), /exclude each other/)
  })
})

const complete = (...words: string[]): string[] => {
  const file = path.join(folder, 'completion.bash')
  const call = `source ${file}; COMP_WORDS=(httplib ${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length}; _httplib; printf '%s\\n' "\${COMPREPLY[@]}"`
  return spawnSync('bash', ['-c', call]).stdout.toString().trim().split('\n')
}

describe('completions', () => {
  it('know every option', async () => {
    for (const shell of ['bash', 'zsh', 'fish']) {
      const script = await text(['completion', shell])
      const words = new Set(script.match(/[\w][\w.-]*/g))
      for (const { long, isOnByDefault } of OPTIONS)
        assert.ok(words.has(isOnByDefault ? `no-${long}` : long), `${shell}: ${long}`)
    }
  })

  for (const [shell, check] of [
    ['bash', ['bash', '-n']],
    ['zsh', ['zsh', '-n']],
    ['fish', ['fish', '-n']],
  ] as const) {
    it(`of ${shell} name them`, async () => {
      const script = await text(['completion', shell])
      for (const row of OPTIONS) assert.ok(script.includes(row.long), row.long)
      writeFileSync(path.join(folder, `completion.${shell}`), script)
    })

    it(`of ${shell} are a program of ${shell}`, { skip: need(shell) }, () => {
      const { status } = spawnSync(check[0], [check[1], path.join(folder, `completion.${shell}`)])
      assert.equal(status, 0)
    })
  }

  it('of bash complete options, files after options that take them, and methods', {
    skip: need('bash'),
  }, () => {
    assert.deepEqual(complete('--max-r'), ['--max-redirs'])
    assert.deepEqual(complete('--cacert', 'package.j'), ['package.json'])
    assert.deepEqual(complete('-d', '@package.j'), ['@package.json'])
    assert.deepEqual(complete('DEL'), ['DELETE'])
    assert.deepEqual(complete('de'), ['demo'])
    assert.deepEqual(complete('-X', 'PU'), ['PUT'])
    assert.deepEqual(complete('--to', 'u'), ['undici'])
    assert.deepEqual(complete('completion', 'z'), ['zsh'])
  })

  it('of fish complete the same', { skip: need('fish') }, () => {
    const file = path.join(folder, 'completion.fish')
    const offers = (line: string): string[] => {
      const { stdout } = spawnSync('fish', ['-c', `source ${file}; complete -C'${line}'`])
      return stdout
        .toString()
        .trim()
        .split('\n')
        .map((offer) => offer.split('\t')[0]!)
    }
    assert.deepEqual(offers('httplib --max-r'), ['--max-redirs'])
    assert.deepEqual(offers('httplib --cacert package.j'), ['package.json'])
    assert.deepEqual(offers('httplib -d @package.j'), ['@package.json'])
    assert.deepEqual(offers('httplib -F a=@package.j'), ['a=@package.json'])
    assert.deepEqual(offers('httplib DEL'), ['DELETE'])
    assert.deepEqual(offers('httplib --to u'), ['undici'])
    assert.deepEqual(offers('httplib completion z'), ['zsh'])
  })

  it('are of the shells that are known', async () => {
    assertTold(await runCommand(['completion', 'tcsh']), /no completion for tcsh/)
    assertTold(
      await runCommand(['completion']),
      /completion takes the name of a shell\n {2}Try: httplib completion bash/,
    )
    assertTold(await runCommand(['completion', 'bash', 'zsh']), /one word/)
  })
})

// The same command line to curl and to the command, against one server: what the requests were, what standard output had, which
// files were there afterwards, how it ended.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { runCommand } from './command.ts'
import { CommandPeer } from './command-peer.ts'
import { need } from './need.ts'
import { type RawServer, startRawServer } from './raw-server.ts'

const STDIN = 'a\r\nb=c\n'

/** When the files were changed last. */
const FILES_AT = new Date('2026-01-02T03:04:05Z')

/** Files that are there before each run. */
const FILES: Readonly<Record<string, string>> = {
  'data.txt': 'line one\r\nline two\n',
  'part.txt': 'abcdefghij',
  'old.txt': 'old content, longer than the new one\n',
  'headers.txt': 'X-File-One: 1\nX-File-Two: 2\n',
  'picture.png': '\u0089PNG not really',
  'etag.txt': '"v1"\n',
  'jar.txt':
    '# Netscape HTTP Cookie File\n127.0.0.1\tFALSE\t/\tFALSE\t0\tsession\ts\n127.0.0.1\tFALSE\t/\tFALSE\t4102444800\tlong\tl\n',
  'long.txt': 'x'.repeat(200),
  'heads.txt': 'HTTP/1.1 200 OK\r\nSet-Cookie: one=1; path=/\r\nSet-Cookie: two=2\r\n\r\n',
  'netrc.txt': 'machine 127.0.0.1 login me password pw\n',
  'config.txt': '# a comment\nheader = "X-Config: yes"\nurl HOST/from-config\n--silent\ndata "x=\\"1\\""\n',
  'odd.txt': 'no-such-option = 1\nmax-time = soon\nurl HOST/odd\n',
  'format.txt': '%{http_code}\r\n%{method}\n\\n',
}

/** What is other than in this curl, and is not compared. */
export type Differences = Readonly<Record<string, readonly (keyof Result)[]>>

interface Result {
  readonly requests: string
  readonly stdout: string
  readonly files: Readonly<Record<string, string>>
  readonly code: number | null
}

/** What the cases are compared by. */
export interface Comparison {
  /** `URL` stands for the server with its scheme, `HOST` for it without, `RAW` for one of `answers`, `~` for a blank inside a word. */
  readonly cases: readonly string[]
  readonly differences?: Differences
  /** What a second server answers with, byte for byte, by the path that it is asked for. */
  readonly answers?: Readonly<Record<string, string>>
  /** Files that are there besides, in the places of `FILES`. */
  readonly files?: Readonly<Record<string, string>>
}

/** A test for each case. */
export function compareWithCurl(
  title: string,
  { cases, differences = {}, answers = {}, files = {} }: Comparison,
): void {
  describe(title, { skip: need('curl') }, () => {
    const root = mkdtempSync(path.join(os.tmpdir(), 'httplib-curl-'))
    const start = process.cwd()
    let peer: CommandPeer
    let raw: RawServer

    before(async () => {
      peer = await CommandPeer.start()
      raw = await startRawServer(async (one) => {
        const { head } = await one.request()
        const [, name = ''] = /^\S+ \/(\w*)/.exec(head) ?? []
        await one.reply(Buffer.from(answers[name] ?? '', 'latin1'))
        one.close()
      })
    })
    after(async () => {
      await peer[Symbol.asyncDispose]()
      await raw.close()
      rmSync(root, { recursive: true })
    })

    const filled = (text: string): string =>
      text
        .replaceAll('URL', `http://127.0.0.1:${peer.port}`)
        .replaceAll('RAW', `http://127.0.0.1:${raw.port}`)
        .replaceAll('HOST', `127.0.0.1:${peer.port}`)
        .replaceAll('PORT', String(peer.port))

    /** A folder with these files and an empty one. What is new there is removed: to remove all takes longer than most cases. */
    function fresh(name: string): string {
      const folder = path.join(root, name)
      const inside = path.join(folder, 'dir')
      mkdirSync(inside, { recursive: true })
      const all = { ...FILES, ...files }
      const added = [
        ...readdirSync(folder).filter((one) => one !== 'dir' && !Object.hasOwn(all, one)),
        ...readdirSync(inside).map((one) => path.join('dir', one)),
      ]
      for (const one of added) rmSync(path.join(folder, one), { recursive: true })
      for (const [file, text] of Object.entries(all)) restore(path.join(folder, file), filled(text))
      return folder
    }

    /** The same words for what may differ in every case. */
    function normal(text: string): string {
      return normalize(text.replaceAll(String(peer.port), 'PORT').replaceAll(String(raw.port), 'RAWPORT'))
    }

    async function runCurl(words: readonly string[]): Promise<Result> {
      const folder = fresh('curl')
      const child = spawn('curl', ['-q', '-s', '--noproxy', '*', ...words], {
        cwd: folder,
        stdio: ['pipe', 'pipe', 'ignore'],
      })
      const stdout: Buffer[] = []
      child.stdout.on('data', (piece: Buffer) => stdout.push(piece))
      child.stdin.on('error', () => {})
      child.stdin.end(STDIN)
      const [code] = (await once(child, 'close')) as [number | null]
      return finish(Buffer.concat(stdout), folder, code)
    }

    async function runOurs(words: readonly string[]): Promise<Result> {
      const folder = fresh('ours')
      process.chdir(folder)
      try {
        const { code, stdout } = await runCommand(['-q', ...words], { stdin: STDIN })
        return finish(stdout, folder, code)
      } finally {
        process.chdir(start)
      }
    }

    function finish(stdout: Buffer, folder: string, code: number | null): Result {
      return {
        requests: normal(peer.takeRequests()),
        stdout: normal(stdout.toString('latin1')),
        files: filesOf(folder),
        code,
      }
    }

    for (const text of cases) {
      it(text, async () => {
        const words = text.split(' ').map((word) => filled(word.replaceAll('~', ' ')))
        const theirs = await runCurl(words)
        const ours = await runOurs(words)
        for (const what of ['requests', 'stdout', 'files', 'code'] as const) {
          if (differences[text]?.includes(what) !== true) assert.deepEqual(ours[what], theirs[what], what)
        }
      })
    }
  })
}

/** A file that nobody has written to stays as it is: to write over one takes the disk longer than curl takes for a case. */
function restore(file: string, text: string): void {
  const isThere = statSync(file, { throwIfNoEntry: false })?.mtimeMs === FILES_AT.getTime()
  if (isThere && readFileSync(file, 'utf8') === text) return
  rmSync(file, { force: true })
  writeFileSync(file, text)
  // Both are asked about a file of the same age, whichever of them came first.
  utimesSync(file, FILES_AT, FILES_AT)
}

function normalize(text: string): string {
  return (
    text
      .replace(/^User-Agent: (?:curl|httplib)\/[\d.]+(?:-\S+)?\r\n/gm, 'User-Agent: NAME\r\n')
      .replace(/-{24}[0-9a-f]{16}/g, 'BOUNDARY')
      // Its parameters come in any order.
      .replace(
        /^Authorization: Digest (.*)\r\n/gm,
        (_, written: string) => `Authorization: Digest ${digestOf(written)}\r\n`,
      )
      // It asks first before each PUT; newer ones from 1 MiB up, as the command does.
      .replace(/(Content-Length: \d{1,5}\r\n)Expect: 100-continue\r\n/gm, '$1')
      // An empty value has a blank before it, or none.
      .replace(/^([\w-]+:) \r\n/gm, '$1\r\n')
      // What a decoder can undo is not the same everywhere.
      .replace(/^Accept-Encoding: .*\r\n/gm, 'Accept-Encoding: CODINGS\r\n')
  )
}

/** The parameters of Digest in one order, without what is made up for each request. */
function digestOf(written: string): string {
  return written
    .replace(/(cnonce|response)="[^"]*"/g, '$1="X"')
    .split(', ')
    .sort()
    .join(', ')
}

function filesOf(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()
  return Object.fromEntries(
    names
      .filter((name) => statSync(path.join(folder, name)).isFile())
      .map((name) => [name, unsigned(readFileSync(path.join(folder, name), 'latin1'))]),
  )
}

/** Without the name of the program that has written a file of cookies. */
function unsigned(text: string): string {
  return text.replace(/^# This file was .*$/m, '# This file was written.')
}

// The package as it is installed: packed, unpacked into an empty project without a network, imported by every name,
// required, compiled against, run. What is packed is `dist` where it was built of the sources as they are, as in the gate; else it is
// built here, so that no old one is tested.

import assert from 'node:assert/strict'
import { execFile, execFileSync, spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { unless } from '../support/need.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { currentDist, repositoryPath } from '../support/repository.ts'

checkOpenHandles()

interface Manifest {
  readonly version: string
  readonly files: readonly string[]
  readonly exports: Readonly<Record<string, unknown>>
  readonly bin: Readonly<Record<string, string>>
  readonly dependencies: Readonly<Record<string, string>>
}

const execute = promisify(execFile)

const OLD_COMPILERS = repositoryPath('test', 'project', 'compilers', 'node_modules')

/** The compilers that users have. That of today is a program of its own, and fast; the older ones are packages. */
const COMPILERS: readonly { version: string; typescript: string; isCommand: boolean }[] = [
  { version: '5.4', typescript: path.join(OLD_COMPILERS, 'typescript-54'), isCommand: false },
  { version: '5.9', typescript: path.join(OLD_COMPILERS, 'typescript-59'), isCommand: false },
  { version: '7', typescript: repositoryPath('node_modules', 'typescript'), isCommand: true },
]

interface Project {
  readonly title: (version: string) => string
  readonly name: string
  readonly module: string
  readonly files: readonly string[]
  readonly nodeTypes: string
  readonly lib: readonly string[]
}

const manifest = JSON.parse(readFileSync(repositoryPath('package.json'), 'utf8')) as Manifest

let folder = ''
/** An empty project that has the package in its node_modules. */
let project = ''
let installed = ''

/** Runs node in the project; what it prints. */
function node(...words: readonly string[]): string {
  return execFileSync(process.execPath, words, { cwd: project, encoding: 'utf8' })
}

/** The file that npm would link. */
function command(): string {
  return path.join(installed, manifest.bin['httplib']!)
}

/** Runs the TypeScript that builds the package; what it finds wrong. */
function compile(...words: readonly string[]): string {
  const tsc = repositoryPath('node_modules', 'typescript', 'bin', 'tsc')
  const { stdout } = spawnSync(process.execPath, [tsc, ...words], { encoding: 'utf8' })
  return stdout
}

/** What an older TypeScript finds wrong in projects, by their configurations. */
async function findErrors(typescript: string, configs: readonly string[]): Promise<Record<string, string>> {
  const script = repositoryPath('test', 'project', 'compilers', 'find-errors.mjs')
  const { stdout } = await execute(process.execPath, [script, typescript, ...configs])
  return JSON.parse(stdout) as Record<string, string>
}

/** What `npm run build` does, for the package in this folder. */
function buildInto(staged: string): void {
  const wrong = compile('-p', repositoryPath('tsconfig.json'), '--outDir', path.join(staged, 'dist'))
  assert.equal(wrong, '')
  for (const script of ['make-commonjs.mjs', 'bundle.mjs'])
    execFileSync(process.execPath, [repositoryPath('scripts', script), path.join(staged, 'dist')])
  const executable = path.join(staged, manifest.bin['httplib']!)
  execFileSync(process.execPath, [repositoryPath('scripts', 'make-executable.mjs'), executable])
}

before(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'httplib-package-'))
  const staged = path.join(folder, 'staged')
  mkdirSync(staged)
  // The entries are imported to be declared, and some of them import packages.
  symlinkSync(repositoryPath('node_modules'), path.join(staged, 'node_modules'))
  for (const name of ['package.json', ...manifest.files.filter((file) => !/^!?dist/.test(file))]) {
    cpSync(repositoryPath(name), path.join(staged, name), { recursive: true })
  }
  const dist = currentDist()
  if (dist === undefined) buildInto(staged)
  else cpSync(dist, path.join(staged, 'dist'), { recursive: true })
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
  const packed = execFileSync(
    npm,
    ['pack', '--json', '--offline', '--ignore-scripts', '--pack-destination', folder],
    {
      cwd: staged,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  const [{ filename }] = JSON.parse(packed) as [{ filename: string }]
  project = path.join(folder, 'project')
  installed = path.join(project, 'node_modules', 'httplib-ts')
  mkdirSync(installed, { recursive: true })
  writeFileSync(path.join(project, 'package.json'), '{"private":true,"type":"module"}')
  execFileSync('tar', ['-xzf', path.join(folder, filename), '-C', installed, '--strip-components=1'])
  for (const name of [...Object.keys(manifest.dependencies), '@types', 'undici-types']) {
    symlinkSync(repositoryPath('node_modules', name), path.join(project, 'node_modules', name))
  }
})

after(() => rmSync(folder, { recursive: true, force: true }))

/** How long a process of Node takes, in milliseconds: the shortest of three. */
function shortest(words: readonly string[]): number {
  return Math.min(
    ...[1, 2, 3].map(() => {
      const startedAt = performance.now()
      spawnSync(process.execPath, words)
      return performance.now() - startedAt
    }),
  )
}

/** The texts of the files that are loaded with one of dist, by a pattern of its imports. */
function loadedBy(name: string, pattern: RegExp): string[] {
  const loaded = new Map<string, string>()
  const visit = (file: string): void => {
    if (loaded.has(file)) return
    const text = readFileSync(file, 'utf8')
    loaded.set(file, text)
    for (const [, one, other] of text.matchAll(pattern))
      visit(path.resolve(path.dirname(file), one ?? other!))
  }
  visit(path.join(installed, 'dist', name))
  return [...loaded.values()]
}

describe('the packed files', () => {
  it('are the compiled code, the pages and the papers, and nothing else', () => {
    const names = manifest.files.filter((file) => !file.startsWith('!')).map((file) => file.split('/')[0]!)
    assert.deepEqual(readdirSync(installed).sort(), [...new Set([...names, 'package.json'])].sort())
  })

  it('hold for every entry its declarations, and no map of a source that is not there', () => {
    const names = readdirSync(path.join(installed, 'dist'), { recursive: true, encoding: 'utf8' })
    const modules = names.filter((name) => name.endsWith('.js'))
    for (const name of modules) {
      const isEntry = !name.startsWith('chunks')
      if (isEntry) assert.ok(names.includes(name.replace(/\.js$/, '.d.ts')), `${name} has no declarations`)
      assert.doesNotMatch(readFileSync(path.join(installed, 'dist', name), 'utf8'), /sourceMappingURL/)
    }
    assert.deepEqual(
      names.filter((name) => name.endsWith('.map')),
      [],
    )
  })

  it('are few where code is: a process that makes one request pays for each file that it loads', () => {
    const pattern = /^(?:import|export|\}) ?(?:[^"\n]* from )?"(\.[^"]+)"|^\} from "(\.[^"]+)"/gm
    const loaded = loadedBy('index.js', pattern)
    assert.ok(loaded.length > 1 && loaded.length < 10, `${loaded.length} files`)
    // Loaded for the first https origin, and for the first secret.
    assert.doesNotMatch(loaded.join('\n'), /^(?:import|\}).* from "node:(?:tls|crypto|process)"/m)
  })

  it('are few for the command, too, which starts in a few times what Node takes for nothing', () => {
    const loaded = loadedBy('cli/main.js', /(?:\bfrom|\bimport)"(\.[^"]+)"/g)
    // One beside it: each further file is half a millisecond. The names of the source are in it.
    assert.equal(loaded.length, 2)
    assert.ok(loaded.join('').length < 690_000, `${loaded.join('').length} characters`)
    // Loaded for the first https origin, for the first secret, and where a package is needed.
    const foreign = [...loaded.join('\n').matchAll(/\bfrom"([@\w][\w@/:.-]*)"/g)].map(([, name]) => name!)
    assert.deepEqual(
      foreign.filter((name) => !/^node:(?!tls$|crypto$|process$)/.test(name)),
      [],
    )
    const main = path.join(installed, 'dist', 'cli', 'main.js')
    // Twice that where nothing else runs; the bound is for machines that are busy.
    const [least, version, request] = [
      ['-e', '0'],
      [main, '--version'],
      [main, 'http://127.0.0.1:1/'],
    ].map(shortest)
    for (const time of [version!, request!]) assert.ok(time < 5 * least! + 200, `${time} and ${least} ms`)
  })

  it('hold each class once, whichever entry it is imported from', () => {
    const names = readdirSync(path.join(installed, 'dist'), { recursive: true, encoding: 'utf8' })
    const texts = names
      .filter((name) => name.endsWith('.js'))
      .map((name) => readFileSync(path.join(installed, 'dist', name), 'utf8'))
    const code = texts.join('\n')
    // The command is a process of its own, and without blanks.
    const classes = [...code.matchAll(/^var (\w+) = class /gm)].map(([, name]) => name!)
    for (const name of ['HTTPException', 'HTTPHeaders', 'Client', 'H1Engine'])
      assert.equal(classes.filter((one) => one.replace(/\d+$/, '') === name).length, 1, name)
  })

  it('are joined into a program without a warning, whatever of them it takes', async () => {
    for (const entry of ['index', 'cookies/index', 'fetch/index', 'h1/index', 'python/index']) {
      const file = path.join(installed, 'dist', `${entry}.js`)
      const { warnings } = await build({
        stdin: { contents: `export * from ${JSON.stringify(file)}`, resolveDir: installed },
        bundle: true,
        write: false,
        format: 'esm',
        platform: 'node',
        external: ['tough-cookie'],
        logLevel: 'silent',
      })
      assert.deepEqual(
        warnings.map(({ text }) => text),
        [],
      )
    }
  })

  it('name each class as the source does, and note no name of a function', async () => {
    for (const entry of ['index', 'cookies/index', 'fetch/index', 'h1/index', 'python/index']) {
      const file = path.join(installed, 'dist', `${entry}.js`)
      const all = Object.entries((await import(pathToFileURL(file).href)) as Record<string, unknown>)
      const classes = all.filter(([, value]) => /^class\b/.test(String(value)))
      for (const [name, value] of classes) {
        // `error` is a name of the old manual for HTTPException.
        assert.equal((value as { readonly name: string }).name, name === 'error' ? 'HTTPException' : name)
      }
    }
    const own = (await import(pathToFileURL(path.join(installed, 'dist', 'fetch', 'index.js')).href)) as {
      readonly fetch: typeof globalThis.fetch
    }
    assert.equal(own.fetch.name, globalThis.fetch.name)
    const joined = readdirSync(path.join(installed, 'dist', 'chunks')).map((name) =>
      readFileSync(path.join(installed, 'dist', 'chunks', name), 'utf8'),
    )
    // What defines a name costs a call each time the function is made, and a table of properties for each function.
    assert.doesNotMatch(joined.join('\n'), /__name\((?!this,)/)
  })

  it('are where the links of their pages lead', () => {
    const pages = readdirSync(installed, { recursive: true, encoding: 'utf8' }).filter(
      (name) => name.endsWith('.md') && !name.startsWith('node_modules'),
    )
    assert.ok(pages.length > 10)
    const dead = pages.flatMap((page) => {
      const text = readFileSync(path.join(installed, page), 'utf8')
      const targets = [...text.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)].map(([, target = '']) => target)
      return targets
        .filter((target) => !/^[a-z]+:/.test(target))
        .filter((target) => !existsSync(path.join(installed, path.dirname(page), target)))
        .map((target) => `${page} -> ${target}`)
    })
    assert.deepEqual(dead, [])
  })
})

describe('every name that the package exports', () => {
  const specifiers = Object.keys(manifest.exports).map((name) => path.posix.join('httplib-ts', name))

  it('can be imported', () => {
    const lines = specifiers.map((specifier) => {
      const how = specifier.endsWith('.json') ? ", { with: { type: 'json' } }" : ''
      return `console.log('${specifier}', Object.keys(await import('${specifier}'${how})).length > 0)\n`
    })
    const shown = node('--no-warnings', '--input-type=module', '-e', lines.join(''))
    assert.equal(shown, specifiers.map((specifier) => `${specifier} true\n`).join(''))
  })

  it('can be required', () => {
    const lines = specifiers.map(
      (specifier) => `console.log('${specifier}', Object.keys(require('${specifier}')).length > 0)\n`,
    )
    const shown = node('--no-warnings', '--input-type=commonjs', '-e', lines.join(''))
    assert.equal(shown, specifiers.map((specifier) => `${specifier} true\n`).join(''))
  })

  it('is the same module, imported or required', () => {
    const code = `
      import { createRequire } from 'node:module'
      import * as imported from 'httplib-ts'
      const required = createRequire(import.meta.url)('httplib-ts')
      console.log(imported.HTTPConnection === required.HTTPConnection, typeof required.HTTPSConnection)`
    assert.equal(node('--no-warnings', '--input-type=module', '-e', code), 'true function\n')
  })

  it('is the way in: what is behind it cannot be imported', () => {
    const code = `await import('httplib-ts/dist/io/dial.js').catch((error) => console.log(error.code))`
    assert.equal(node('--input-type=module', '-e', code), 'ERR_PACKAGE_PATH_NOT_EXPORTED\n')
  })

  it('works: an exchange by what was required', () => {
    const code = `
      const http = require('node:http')
      const { HTTPConnection } = require('httplib-ts')
      const server = http.createServer((_, response) => response.end('hello'))
      server.listen(0, '127.0.0.1', async () => {
        const connection = new HTTPConnection('127.0.0.1', server.address().port)
        await connection.request('GET', '/')
        const response = await connection.getResponse()
        console.log(response.status, await response.text())
        connection.close()
        server.close()
      })`
    assert.equal(node('--no-warnings', '--input-type=commonjs', '-e', code), '200 hello\n')
  })
})

describe('the types', () => {
  const consumer = `
import { Client, type ClientRequestOptions, HTTPConnection, HTTPSConnection, type HTTPResponse, HTTPException, request, status, type Timeouts } from 'httplib-ts'
import { type ReceivedEvent, H1Engine } from 'httplib-ts/h1'
import * as python from 'httplib-ts/python'

export async function get(host: string): Promise<number> {
  const timeout: Timeouts = { connect: 5_000 }
  const connection: HTTPConnection = new HTTPSConnection(host, 443, { timeout })
  await connection.request('GET', '/', undefined, { Accept: '*/*' })
  const response: HTTPResponse = await connection.getResponse()
  for await (const piece of response) if (piece.length > 1_000) break
  connection.close()
  return response.status === status.OK ? 0 : response.status
}

export class OwnError extends HTTPException {}
export const old: typeof HTTPConnection | undefined = undefined
export const engine: H1Engine = new H1Engine('client')
export const event: ReceivedEvent = engine.nextEvent()
export const isOurs: (error: unknown) => boolean = (error) => error instanceof HTTPException && error.code === 'DNS_FAILED'
export const session: python.HTTPConnection = new python.HTTPConnection('www.python.org')
export const caught = (error: unknown): string | undefined => error instanceof python.BadStatusLine ? error.line : undefined

interface Search { q: string; page?: number; tags?: readonly string[]; since: Date | null }
interface Wrong { q: { nested: string } }
interface WrongList { tags: readonly symbol[] }
export async function search(client: Client, asked: Search, wrong: Wrong, list: WrongList): Promise<void> {
  await client.get('/', { query: asked }).json<Search>()
  await client.post('/', { form: asked, query: { a: [1, true, null], b: undefined } })
  await client.get('/', { query: [['a', 1], ['b', undefined]] })
  await client.get('/', { query: new URLSearchParams('a=b'), headers: { Accept: 'a/b' } })
  await client.post('/', { form: new Map([['a', 1]]) })
  await request('http://a.test/', { method: 'PUT', query: asked, form: asked })
  client.explain('/', { query: asked })
  const options: ClientRequestOptions = { query: { a: 1 } }
  await client.delete('/', options)
  const typed: ClientRequestOptions<Search> = { query: asked }
  await client.head('/', typed)
  new Client({ query: asked }).extend({ query: asked, baseUrl: 'http://a.test/' })
  const lazy = new Client({ query: { a: 1 }, onInformational: () => void lazy.extend({ query: asked }) })
  // @ts-expect-error of a client, too, a query is no text
  new Client({ query: 'a=b' })
  // @ts-expect-error an object is no value
  await client.get('/', { query: wrong })
  // @ts-expect-error nor is a symbol, in a list
  await client.get('/', { query: list })
  // @ts-expect-error of a form neither
  await client.post('/', { form: wrong })
  // @ts-expect-error written at once
  await client.get('/', { query: { a: { b: 1 } } })
  // @ts-expect-error a query is no text
  await client.get('/', { query: 'a=b' })
  // @ts-expect-error nor a number
  await request('http://a.test/', { query: 5 })
  // @ts-expect-error a function
  await client.get('/', { query: { a: () => 1 } })
  // @ts-expect-error a misspelt option
  await client.get('/', { qery: asked })
}
// @ts-expect-error a port is a number
export const wrong: HTTPConnection = new HTTPConnection('www.python.org', '80')
`

  const fetchConsumer = `
import { Client } from 'httplib-ts'
import { createFetch, type Fetch, type FetchInit, type FetchResponse, fetch, install } from 'httplib-ts/fetch'

export const toGlobal: typeof globalThis.fetch = fetch
export const fromGlobal: Fetch = globalThis.fetch
export const made: typeof globalThis.fetch = createFetch(new Client())
export const undo: () => void = install()
globalThis.fetch = fetch

export async function read(url: string, signal: AbortSignal): Promise<unknown> {
  const init: RequestInit = { method: 'POST', body: new URLSearchParams({ a: 'b' }), headers: new Headers(), signal }
  const response: Response = await fetch(url, init)
  const more: FetchInit = { ...init, client: new Client(), onInformational: ({ status }) => void status }
  const ours: FetchResponse = await fetch(new URL(url), more)
  const trailers: Headers | undefined = await ours.trailers
  const head: number | undefined = ours.timings?.headers
  await fetch(new Request(url))
  const options: { fetch?: typeof globalThis.fetch } = { fetch }
  // @ts-expect-error a method is text
  await fetch(url, { method: 5 })
  return [await response.json(), response.body?.getReader(), trailers?.get('x'), head, options]
}
`

  /** What is compiled: its title for a compiler, its files, and which declarations of the platform's classes it has. */
  const PROJECTS: readonly Project[] = [
    ...['node16', 'nodenext'].map((module) => ({
      title: (version: string) =>
        `are found by TypeScript ${version} with module ${module}, from a module and from CommonJS`,
      name: module,
      module,
      files: ['consumer.mts', 'consumer.cts'],
      nodeTypes: '@types/node',
      lib: [],
    })),
    ...(
      [
        ['@types/node 20', '@types/node', []],
        ['@types/node 22', 'types-node-22', []],
        ['@types/node 24', 'types-node-24', []],
        ['@types/node 20 and the DOM', '@types/node', ['dom', 'dom.iterable']],
      ] as const
    ).map(([types, nodeTypes, lib]) => ({
      title: (version: string) =>
        `of fetch go to and from those of the global one: TypeScript ${version}, ${types}`,
      name: types.replaceAll(/\W+/g, '-'),
      module: 'nodenext',
      files: ['fetch.mts', 'fetch.cts'],
      nodeTypes,
      lib,
    })),
  ]
  const configOf = ({ name }: Project): string => path.join(project, `tsconfig.${name}.json`)

  before(() => {
    for (const end of ['mts', 'cts']) {
      writeFileSync(path.join(project, `consumer.${end}`), consumer)
      writeFileSync(path.join(project, `fetch.${end}`), fetchConsumer)
    }
    for (const one of PROJECTS) {
      const place = mkdtempSync(path.join(project, 'types-'))
      symlinkSync(repositoryPath('node_modules', one.nodeTypes), path.join(place, 'node'))
      const compilerOptions = {
        module: one.module,
        target: 'es2022',
        lib: ['es2022', 'esnext.disposable', ...one.lib],
        typeRoots: [place],
        types: ['node'],
        noEmit: true,
        strict: true,
        exactOptionalPropertyTypes: true,
        noUncheckedIndexedAccess: true,
      }
      writeFileSync(configOf(one), JSON.stringify({ compilerOptions, files: one.files }))
    }
  })

  for (const { version, typescript, isCommand } of COMPILERS) {
    const isThere = existsSync(typescript)
    const skip = unless(isThere, `there is no TypeScript ${version}: npm ci --prefix test/project/compilers`)
    let all: Promise<Record<string, string>> | undefined
    for (const one of PROJECTS) {
      it(one.title(version), { skip }, async () => {
        const config = configOf(one)
        // One checker: these programs are small. The gate runs others beside this.
        if (isCommand) assert.equal(compile('-p', config, '--singleThreaded'), '')
        else {
          all ??= findErrors(typescript, PROJECTS.map(configOf))
          assert.equal((await all)[config], '')
        }
      })
    }
  }

  it('declare for CommonJS every value that the module has, and no other', () => {
    const entries = [
      ['httplib-ts', 'index'],
      ['httplib-ts/cookies', 'cookies/index'],
      ['httplib-ts/fetch', 'fetch/index'],
      ['httplib-ts/h1', 'h1/index'],
      ['httplib-ts/python', 'python/index'],
    ] as const
    const lines = entries.map(
      ([specifier]) => `console.log(Object.keys(await import('${specifier}')).sort().join())\n`,
    )
    const values = node('--input-type=module', '-e', lines.join('')).trimEnd().split('\n')
    assert.equal(values.length, entries.length)
    for (const [index, [specifier, entry]] of entries.entries()) {
      const declarations = readFileSync(path.join(installed, 'dist', `${entry}.d.cts`), 'utf8')
      const declared = [...declarations.matchAll(/^export declare const (\w+)/gm)].map(
        ([, name = '']) => name,
      )
      assert.equal(declared.sort().join(), values[index], specifier)
    }
  })
})

describe('the command', () => {
  it('may be executed, as npm links it', () => {
    const link = path.join(project, 'httplib')
    symlinkSync(command(), link)
    assert.equal(execFileSync(link, ['--version'], { encoding: 'utf8' }).trim(), manifest.version)
  })

  it('tells its version', () => {
    assert.equal(node(command(), '--version').trim(), manifest.version)
  })

  it('plays its demo to the end', () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [command(), 'demo'], {
      cwd: project,
      encoding: 'utf8',
      timeout: 60_000,
    })
    assert.equal(stderr, '')
    assert.equal(status, 0)
    for (const shown of ['HTTP/1.1 200', '103', 'Transfer-Encoding: chunked', '100-continue']) {
      assert.ok(stdout.includes(shown), `${shown} is not shown`)
    }
  })
})

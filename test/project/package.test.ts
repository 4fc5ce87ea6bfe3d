// The package as it is installed: packed, unpacked into an empty project without a network, imported by every name,
// required, compiled against, run. What is packed is compiled here from `src`, so that no old `dist` is tested.

import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
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
import { checkOpenHandles } from '../support/open-handles.ts'
import { repositoryPath } from '../support/repository.ts'

checkOpenHandles()

interface Manifest {
  readonly version: string
  readonly files: readonly string[]
  readonly exports: Readonly<Record<string, unknown>>
  readonly bin: Readonly<Record<string, string>>
  readonly dependencies: Readonly<Record<string, string>>
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

/** Runs TypeScript over the project; what it finds wrong. */
function compile(...words: readonly string[]): string {
  const tsc = repositoryPath('node_modules', 'typescript', 'bin', 'tsc')
  const { stdout } = spawnSync(process.execPath, [tsc, ...words], { encoding: 'utf8' })
  return stdout
}

before(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'httplib-package-'))
  const staged = path.join(folder, 'staged')
  mkdirSync(staged)
  for (const name of ['package.json', ...manifest.files.filter((file) => file !== 'dist')]) {
    cpSync(repositoryPath(name), path.join(staged, name), { recursive: true })
  }
  const wrong = compile('-p', repositoryPath('tsconfig.json'), '--outDir', path.join(staged, 'dist'))
  assert.equal(wrong, '')
  const executable = path.join(staged, manifest.bin['httplib']!)
  execFileSync(process.execPath, [repositoryPath('scripts', 'make-executable.mjs'), executable])
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

describe('the packed files', () => {
  it('are the compiled code, its sources and the papers, and nothing else', () => {
    assert.deepEqual(readdirSync(installed).sort(), [...manifest.files, 'package.json'].sort())
  })

  it('hold for every module its declarations and maps, and the source that the maps name', () => {
    const modules = readdirSync(path.join(installed, 'dist'), { recursive: true, encoding: 'utf8' }).filter(
      (name) => name.endsWith('.js'),
    )
    assert.ok(modules.length > 50)
    for (const name of modules) {
      const module = path.join(installed, 'dist', name)
      for (const ending of ['.js.map', '.d.ts', '.d.ts.map']) {
        assert.ok(existsSync(module.replace(/\.js$/, ending)), `${name}${ending} is missing`)
      }
      const map = JSON.parse(readFileSync(`${module}.map`, 'utf8')) as { sources: string[] }
      assert.equal(map.sources.length, 1)
      const source = path.basename(map.sources[0]!)
      assert.ok(existsSync(path.join(installed, 'src', path.dirname(name), source)), `${source} is missing`)
    }
  })
})

describe('every name that the package exports', () => {
  for (const name of Object.keys(manifest.exports)) {
    const specifier = path.posix.join('httplib-ts', name)
    it(`can be imported: ${specifier}`, () => {
      const how = name.endsWith('.json') ? ", { with: { type: 'json' } }" : ''
      const code = `const module = await import('${specifier}'${how}); console.log(Object.keys(module).length > 0)`
      assert.match(node('--no-warnings', '--input-type=module', '-e', code), /^true\n$/)
    })

    it(`can be required: ${specifier}`, () => {
      const code = `console.log(Object.keys(require('${specifier}')).length > 0)`
      assert.equal(node('--no-warnings', '--input-type=commonjs', '-e', code), 'true\n')
    })
  }

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
import { HTTPConnection, HTTPSConnection, type HTTPResponse, HTTPException, type Timeouts } from 'httplib-ts'
import { H1Engine } from 'httplib-ts/h1'
import * as python from 'httplib-ts/python'

export async function get(host: string): Promise<number> {
  const timeout: Timeouts = { connect: 5_000 }
  await using connection = new HTTPSConnection(host, 443, { timeout })
  await connection.request('GET', '/', undefined, { Accept: '*/*' })
  const response: HTTPResponse = await connection.getResponse()
  for await (const piece of response) if (piece.length > 1_000) break
  return response.status
}

export const old: typeof HTTPConnection | undefined = undefined
export const engine: H1Engine = new H1Engine('client')
export const isOurs: (error: unknown) => boolean = (error) => error instanceof HTTPException
export const session: python.HTTPConnection = new python.HTTPConnection('www.python.org')
// @ts-expect-error a port is a number
export const wrong: HTTPConnection = new HTTPConnection('www.python.org', '80')
`

  for (const [kind, file] of [
    ['a module', 'consumer.ts'],
    ['CommonJS', 'consumer.cts'],
  ] as const) {
    it(`are found by the compiler of a user, from ${kind}, under the strictest flags`, () => {
      const compilerOptions = {
        module: 'nodenext',
        target: 'es2023',
        lib: ['es2023'],
        types: ['node'],
        noEmit: true,
        strict: true,
        exactOptionalPropertyTypes: true,
        noUncheckedIndexedAccess: true,
      }
      writeFileSync(path.join(project, file), consumer)
      const config = path.join(project, `tsconfig.${file}.json`)
      writeFileSync(config, JSON.stringify({ compilerOptions, files: [file] }))
      assert.equal(compile('-p', config), '')
    })
  }
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

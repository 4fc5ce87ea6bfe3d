// The package as it is installed: packed, unpacked into an empty project without a network, imported by every name,
// required, compiled against, run.

import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import { checkOpenHandles } from '../support/open-handles.ts'
import { compile, installPackage, manifest } from '../support/packed-package.ts'
import { configOf, PROJECTS, writeProjects } from './type-projects.ts'

checkOpenHandles()

let project = ''
let installed = ''
let remove: (() => void) | undefined

/** Runs node in the project; what it prints. */
function node(...words: readonly string[]): string {
  return execFileSync(process.execPath, words, { cwd: project, encoding: 'utf8' })
}

/** The file that npm would link. */
function command(): string {
  return path.join(installed, manifest.bin['httplib']!)
}

before(() => {
  ;({ project, installed, remove } = installPackage())
})

after(() => remove?.())

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

/** The texts of the files that are loaded with one of dist. */
function loadedBy(name: string): string[] {
  const loaded = new Map<string, string>()
  const visit = (file: string): void => {
    if (loaded.has(file)) return
    const text = readFileSync(file, 'utf8')
    loaded.set(file, text)
    for (const [, specifier] of text.matchAll(/(?:\bfrom|\bimport)"(\.[^"]+)"/g))
      visit(path.resolve(path.dirname(file), specifier!))
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
    const loaded = loadedBy('index.js')
    // The entry, the client, what stands on the engine, and the engine.
    assert.equal(loaded.length, 4)
    // Loaded for the first https origin, and for the first secret.
    assert.doesNotMatch(loaded.join('\n'), /\bfrom\s?"node:(?:tls|crypto|process)"/)
  })

  it('are few for the command, too, which starts in a few times what Node takes for nothing', () => {
    const loaded = loadedBy('cli/main.js')
    // One beside it: each further file is half a millisecond. The names of the source are in it.
    assert.equal(loaded.length, 2)
    assert.ok(loaded.join('').length < 700_000, `${loaded.join('').length} characters`)
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
    // The command is a process of its own.
    const ofCommand = loadedBy('cli/main.js')
    const code = texts.filter((text) => !ofCommand.includes(text)).join('\n')
    const classes = [...code.matchAll(/\b(?:var |,\s?)(\w+)=class\b/g)].map(([, name]) => name!)
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
  before(() => writeProjects(project))

  for (const one of PROJECTS) {
    it(one.title('7'), () => {
      // One checker: these programs are small. The gate runs others beside this.
      assert.equal(compile('-p', configOf(project, one), '--singleThreaded'), '')
    })
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

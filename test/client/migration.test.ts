// The programs of the migration pages and the first one of the README, run as they stand: compiled, in a process of their
// own, with a Client whose outermost layer answers in place of the servers that they name.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { pathToFileURL } from 'node:url'
import { checkOpenHandles } from '../support/open-handles.ts'
import { repositoryPath } from '../support/repository.ts'

checkOpenHandles()

/** The package as the programs get it: everything is real, but a layer answers, and notes what was asked. */
const SHIM = `
import { Client as Real, respondWith, TimeoutError } from ${JSON.stringify(pathToFileURL(repositoryPath('dist', 'index.js')))}
export * from ${JSON.stringify(pathToFileURL(repositoryPath('dist', 'index.js')))}

const BODIES = {
  'GET /users/7': '{"name":"Ada"}',
  'POST /users': '{"id":8}',
  'GET /users': '[]',
  'GET /log': 'one\\ntwo\\n',
}

const answer = () => async (request) => {
  const { pathname, search } = new URL(request.url)
  for (const [name, value] of request.fields)
    if (/[^\\t\\x20-\\x7e]/.test(value)) throw new Error(name + ' cannot be sent as it stands')
  globalThis.asked.push(request.method + ' ' + pathname + search)
  const { signal } = request.deadlines
  if (pathname === '/slow' && signal === undefined) throw new TimeoutError('total', 10_000)
  if (pathname === '/slow') await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  const path = pathname.replace(/^\\/v1/, '')
  if (path === '/users/999') return respondWith(request, { status: 404, body: 'no such user' })
  if (path === '/old') return respondWith(request, { status: 302, headers: { Location: '/new' } })
  return respondWith(request, { body: BODIES[request.method + ' ' + path] ?? 'ok' })
}

export class Client extends Real {
  constructor(options = {}) {
    super({ ...options, layers: [...(options.layers ?? []), answer] })
  }
}
`

/** Runs the programs that stand in its folder, one after another, and prints what each has asked for. */
const RUNNER = `
import { readdirSync } from 'node:fs'
const told = {}
for (const name of readdirSync('.').filter((name) => name.endsWith('.js'))) {
  globalThis.asked = told[name] = []
  console.log = () => {}
  await import('./' + name)
}
process.stdout.write(JSON.stringify(told))
`

const EVERYWHERE = [
  'GET /users/7?full=true',
  'POST /users',
  'POST /login',
  'POST /films',
  'PUT /film',
  'GET /large',
  'GET /slow',
  'GET /sometimes',
  'POST /orders',
  'GET /users/999',
  'GET /v1/users',
  'GET /old',
]
const PAGES = readdirSync(repositoryPath('docs', 'migration'))

const blocksOf = (page: string): string[] =>
  [...readFileSync(repositoryPath(page), 'utf8').matchAll(/^```ts\n(.*?)^```$/gms)].map(
    ([, code = '']) => code,
  )

describe('the programs of the migration pages', () => {
  let folder: string
  let told: Record<string, string[]>

  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'httplib-migration-'))
    const programs: (readonly [name: string, code: string])[] = PAGES.flatMap((page) =>
      blocksOf(`docs/migration/${page}`).map((code, index) => [`${page}-${index}`, code] as const),
    )
    programs.push(['README', blocksOf('README.md')[0]!])
    for (const [name, code] of programs) writeFileSync(path.join(folder, `${name}.ts`), code)
    const compilerOptions = {
      target: 'ES2023',
      lib: ['ES2023'],
      module: 'nodenext',
      moduleDetection: 'force',
      noCheck: true,
    }
    writeFileSync(
      path.join(folder, 'tsconfig.json'),
      JSON.stringify({ compilerOptions: { ...compilerOptions, types: [] }, include: ['*.ts'] }),
    )
    writeFileSync(path.join(folder, 'package.json'), '{"type":"module","private":true}')
    const shim = path.join(folder, 'node_modules', 'httplib-ts')
    mkdirSync(shim, { recursive: true })
    writeFileSync(path.join(shim, 'package.json'), '{"type":"module","exports":"./index.js"}')
    writeFileSync(path.join(shim, 'index.js'), SHIM)
    writeFileSync(path.join(folder, 'film.mp4'), 'film')
    writeFileSync(path.join(folder, 'run.mjs'), RUNNER)
    const run = (...values: string[]): string =>
      execFileSync(process.execPath, values, { cwd: folder, encoding: 'utf8', stdio: 'pipe' })
    run(repositoryPath('node_modules', 'typescript', 'bin', 'tsc'), '-p', folder)
    told = JSON.parse(run('run.mjs')) as Record<string, string[]>
  })

  after(() => rmSync(folder, { recursive: true, force: true }))

  for (const page of PAGES) {
    it(`run to their end: ${page}`, () => {
      const asked = Object.entries(told).flatMap(([name, all]) => (name.startsWith(`${page}-`) ? all : []))
      for (const one of EVERYWHERE) assert.ok(asked.includes(one), `${page} does not ask for ${one}`)
      assert.equal(readFileSync(path.join(folder, 'large.bin'), 'utf8'), 'ok')
    })
  }

  it('and so does the first one of the README', () => {
    assert.deepEqual(told['README.js'], [
      'GET /v1/users/7',
      'POST /v1/users',
      'GET /v1/users/999',
      'GET /v1/log',
    ])
  })
})

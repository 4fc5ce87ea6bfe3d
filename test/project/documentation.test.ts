// The pages: what is made from tables is current, links lead somewhere, and every fenced TypeScript example compiles.

import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, it } from 'node:test'
import { generateDocs } from '../../scripts/docs.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { repositoryPath } from '../support/repository.ts'

checkOpenHandles()

const ROOT = repositoryPath()

const PAGES = ['.', 'docs', 'docs/decisions', 'docs/migration', 'test'].flatMap((folder) =>
  readdirSync(path.join(ROOT, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => path.posix.join(folder, name)),
)

describe('generated pages', () => {
  it('are what the tables say; `npm run docs` writes them', async () => {
    for (const [file, text] of await generateDocs(ROOT)) {
      assert.equal(readFileSync(path.join(ROOT, file), 'utf8'), text, `${file} is stale`)
    }
  })
})

describe('hover texts', () => {
  it('are there for every public name and member', () => {
    const { status, stderr } = hover()
    assert.deepEqual([status, stderr], [0, ''])
  })

  it('are missed by name where they are not', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'httplib-hover-'))
    try {
      const source = [
        '/** A parent. */',
        'export class Parent {',
        '  /** Said here. */',
        '  told(): void {}',
        '}',
        'export class Child extends Parent {',
        '  #own = 1',
        '  private hidden = 2',
        '  override told(): void {}',
        '  untold(): void {}',
        '  get both(): number { return 1 }',
        '  set both(_: number) {}',
        '}',
        '/** Told. */',
        "export type Kinds = { readonly kind: 'a' } | { readonly kind: 'b'; readonly length: number }",
        '/** Above something else. */',
        'const inner = 1',
        'export const outer = { inner }',
        'export const OK: 200 = 200',
      ]
      writeFileSync(path.join(folder, 'parts.ts'), source.join('\n'))
      writeFileSync(path.join(folder, 'index.ts'), "export * from './parts.ts'\n")
      const { status, stderr } = hover(path.join(folder, 'index.ts'))
      const names = [...stderr.matchAll(/no text for (\S+)/g)].map(([, name]) => name)
      assert.deepEqual([status, names], [1, ['Child', 'Child.both', 'Child.untold', 'Kinds.length', 'outer']])
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})

describe('links in pages', () => {
  for (const page of PAGES) {
    it(`of ${page} lead to files that exist`, () => {
      const text = readFileSync(path.join(ROOT, page), 'utf8')
      for (const [, target = ''] of text.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)) {
        if (/^[a-z]+:/.test(target)) continue
        assert.ok(existsSync(path.join(ROOT, path.dirname(page), target)), `${page} links to ${target}`)
      }
    })
  }
})

describe('examples in pages', () => {
  it('compile against the package as a user would write them', () => {
    const examples = PAGES.flatMap((page) => {
      const text = readFileSync(path.join(ROOT, page), 'utf8')
      return [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = ''], index) => ({
        name: `${page.replaceAll(/[/.]/g, '-')}-${index}.ts`,
        code,
      }))
    })
    assert.ok(examples.length >= 8, `only ${examples.length} examples were found`)
    // An ellipsis in a string compiles, but no field can be sent with it (RFC 9110 §5.5).
    for (const { name, code } of examples)
      assert.doesNotMatch(code.replaceAll(/\s\/\/ .*$/gm, ''), /…['"`]/, name)
    const folder = mkdtempSync(path.join(tmpdir(), 'httplib-examples-'))
    try {
      compile(folder, examples)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})

/** Runs the list of names without a hover text. */
function hover(...entries: string[]) {
  return spawnSync(process.execPath, [path.join(ROOT, 'scripts', 'hover.mjs'), ...entries], {
    encoding: 'utf8',
  })
}

/** Compiles the examples in a project of their own, with the strictest flags, against the declarations in dist. */
function compile(folder: string, examples: readonly { name: string; code: string }[]): void {
  mkdirSync(path.join(folder, 'node_modules'))
  symlinkSync(ROOT, path.join(folder, 'node_modules', 'httplib-ts'))
  for (const name of ['@types', '@opentelemetry', '@aws-crypto', '@smithy'])
    symlinkSync(path.join(ROOT, 'node_modules', name), path.join(folder, 'node_modules', name))
  writeFileSync(path.join(folder, 'package.json'), '{"type":"module","private":true}')
  const compilerOptions = {
    target: 'ES2023',
    lib: ['ES2023'],
    module: 'nodenext',
    types: ['node'],
    strict: true,
    noEmit: true,
    moduleDetection: 'force',
  }
  writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }))
  for (const { name, code } of examples) writeFileSync(path.join(folder, name), code)
  const tsc = path.join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc')
  try {
    execFileSync(process.execPath, [tsc, '-p', folder], { encoding: 'utf8', stdio: 'pipe' })
  } catch (error) {
    const { stdout } = error as { stdout: string }
    assert.fail(`examples do not compile:\n${stdout}`)
  }
}

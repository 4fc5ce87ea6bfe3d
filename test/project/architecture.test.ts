// Holds the sources against the house rules in `scripts/import-table.ts`: who imports whom, which Node modules and
// globals belong to one room, how long a file may be, and that no chain of imports comes back to its start.

import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import {
  IMPORT_TABLE,
  MAX_FILE_LINES,
  RESERVED_GLOBALS,
  RESERVED_MODULES,
} from '../../scripts/import-table.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { repositoryPath } from '../support/repository.ts'
import { type ImportLine, readSources, type SourceFile, scanSource } from '../support/source-scan.ts'

checkOpenHandles()

const HEADER_LINES = 40
const sources = readSources(repositoryPath('src'))

describe('test files', () => {
  it('all end with a check that nothing is left open', () => {
    const folder = repositoryPath('test')
    const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.test.ts'),
    )
    const isUnchecked = (name: string): boolean =>
      !/^checkOpenHandles\(\)$/m.test(readFileSync(path.join(folder, name), 'utf8'))
    assert.deepEqual(names.filter(isUnchecked), [])
  })
})

describe('the rooms of src', () => {
  it('are all in the import table', () => {
    const rooms = new Set(sources.map(roomOf))
    assert.deepEqual(
      [...rooms].filter((room) => IMPORT_TABLE[room] === undefined),
      [],
    )
  })

  it('import only from rooms that the table allows them', () => {
    assert.deepEqual(
      violations((source, line) => {
        const target = targetOf(source, line)
        if (target === undefined) return undefined
        const [from, to] = [roomOf(source), roomOf({ name: target })]
        const allowed = IMPORT_TABLE[from]?.rooms ?? []
        return from === to || allowed === '*' || allowed.includes(to)
          ? undefined
          : `${from} may not import ${to}`
      }),
      [],
    )
  })

  it('import only the Node modules that the table allows them', () => {
    assert.deepEqual(
      violations((source, line) => {
        if (!line.specifier.startsWith('node:')) return undefined
        const room = roomOf(source)
        const { node, nodeLazily = [] } = IMPORT_TABLE[room] ?? {}
        const owners = RESERVED_MODULES[line.specifier]
        if (owners !== undefined && !owners.includes(room))
          return `only ${owners.join(', ')} may import ${line.specifier}`
        if (node === undefined || node.includes(line.specifier)) return undefined
        if (line.kind !== 'static' && nodeLazily.includes(line.specifier)) return undefined
        return `${room} may not import ${line.specifier}`
      }),
      [],
    )
  })

  it('import only the npm packages that the table allows them', () => {
    assert.deepEqual(
      violations((source, line) => {
        if (line.specifier.startsWith('.') || line.specifier.startsWith('node:')) return undefined
        const room = roomOf(source)
        const name = line.specifier
          .split('/')
          .slice(0, line.specifier.startsWith('@') ? 2 : 1)
          .join('/')
        return IMPORT_TABLE[room]?.packages?.includes(name) === true
          ? undefined
          : `${room} may not import ${name}`
      }),
      [],
    )
  })

  it('leave process and console to the command', () => {
    const found = sources.flatMap((source) =>
      Object.entries(RESERVED_GLOBALS).flatMap(([name, owners]) =>
        owners.includes(roomOf(source)) || owners.includes(source.name)
          ? []
          : usesOf(source, name).map((line) => `${source.name}:${line}: uses ${name}`),
      ),
    )
    assert.deepEqual(found, [])
  })

  it('have no private getter: V8 calls its runtime for each look at one', () => {
    const found = sources.flatMap(({ name, text }) => (/^ +(?:static )?get #\w+\(/m.test(text) ? [name] : []))
    assert.deepEqual(found, [])
  })

  it('have no circle of imports between files', () => {
    assert.deepEqual(findCircles(sources), [])
  })

  it('import relative files by their .ts name, and files that exist', () => {
    const names = new Set(sources.map(({ name }) => name))
    assert.deepEqual(
      violations((source, line) => {
        const target = targetOf(source, line)
        return target === undefined || names.has(target) ? undefined : `no such file: ${line.specifier}`
      }),
      [],
    )
  })
})

describe('the files of src', () => {
  it(`give a reason in their header when they are longer than ${MAX_FILE_LINES} lines`, () => {
    const silent = sources.filter(({ text }) => {
      const lines = text.trimEnd().split('\n')
      return lines.length > MAX_FILE_LINES && !/\bLength:\s+\S/.test(lines.slice(0, HEADER_LINES).join('\n'))
    })
    assert.deepEqual(
      silent.map(({ name }) => name),
      [],
    )
  })
})

describe('docs/architecture.md', () => {
  const page = readFileSync(repositoryPath('docs/architecture.md'), 'utf8')
  /** What stands in backticks, outside of drawings. */
  const quoted = [...page.replace(/^```[\s\S]*?^```$/gm, '').matchAll(/`([^`]+)`/g)].map(([, text]) => text!)

  it('names no file that is not there', () => {
    const files = quoted.filter((text) => /^[\w-]+(?:\/[\w.-]+)+\.ts$/.test(text))
    assert.ok(files.length > 20)
    assert.deepEqual(
      files.filter((file) => ![['src', file], [file]].some((names) => existsSync(repositoryPath(...names)))),
      [],
    )
  })

  it('names no function that its file does not have', () => {
    const named = [...page.matchAll(/`([\w/-]+\.ts)`\s+\(((?:`[#\w]+`(?:,\s+)?)+)\)/g)]
    assert.ok(named.length > 5)
    const missing = named.flatMap(([, file, names]) => {
      const text = readFileSync(repositoryPath('src', file!), 'utf8')
      return [...names!.matchAll(/`([#\w]+)`/g)]
        .map(([, name]) => name!)
        .filter((name) => !new RegExp(`(?<![\\w#])${name}(?![\\w])`).test(text))
        .map((name) => `${file}: ${name}`)
    })
    assert.deepEqual(missing, [])
  })

  it('walks through no room twice on one way, and through each room of src on some way', () => {
    const ways = page.split(/^## /m).map((section) => {
      const steps = section.matchAll(/^(?:\d\.|-) \*\*`(\w+)`\*\*/gm)
      return [...steps].map(([, room]) => room!)
    })
    for (const rooms of ways) assert.deepEqual(rooms, [...new Set(rooms)])
    const rooms = new Set(sources.map(roomOf))
    assert.deepEqual(
      [...rooms].filter((room) => !ways.some((way) => way.includes(room))),
      [],
    )
  })
})

describe('the scan of a source', () => {
  it('finds imports of every kind, and none in comments and strings', () => {
    const { imports } = scanSource(
      'core/sample.ts',
      [
        "import { a } from './a.ts'",
        "import type { B } from './b.ts'",
        "import {\n  c,\n} from 'node:buffer'",
        "export * from './d.ts'",
        "// import './comment.ts'",
        "const text = \"import './string.ts'\" + `import './template.ts' ${await import('./e.ts')}`",
        "let stream: import('node:stream').Readable",
        "import './f.ts'",
      ].join('\n'),
    )
    assert.deepEqual(imports, [
      { specifier: './a.ts', kind: 'static', line: 1 },
      { specifier: './b.ts', kind: 'type', line: 2 },
      { specifier: 'node:buffer', kind: 'static', line: 3 },
      { specifier: './d.ts', kind: 'static', line: 6 },
      { specifier: './f.ts', kind: 'static', line: 10 },
      { specifier: './e.ts', kind: 'dynamic', line: 8 },
      { specifier: 'node:stream', kind: 'type', line: 9 },
    ])
  })

  it('keeps code and blanks literals', () => {
    const { code } = scanSource(
      'core/sample.ts',
      "x(/'\\/[a/]/.test(y), 'it\\'s', `a${{ b: `c` }}d`) // e\n1 / 2 / process",
    )
    assert.equal(code, "x(/       /.test(y), '     ', `  {{ b: ` ` }} `)     \n1 / 2 / process")
  })

  it('sees a circle of imports', () => {
    const circle = [
      scanSource('core/a.ts', "import { b } from './b.ts'"),
      scanSource('core/b.ts', "import { c } from './c.ts'"),
      scanSource('core/c.ts', "import { a } from './a.ts'"),
    ]
    assert.deepEqual(findCircles(circle), ['core/a.ts -> core/b.ts -> core/c.ts -> core/a.ts'])
  })
})

/** The room of a file: its folder, or the name of a file that stands in `src` itself. */
function roomOf({ name }: { readonly name: string }): string {
  const slash = name.indexOf('/')
  return slash < 0 ? name.replace(/\.ts$/, '') : name.slice(0, slash)
}

/** The file a relative import names; undefined for a module that is not ours. */
function targetOf({ name }: SourceFile, { specifier }: ImportLine): string | undefined {
  return specifier.startsWith('.') ? path.posix.join(path.posix.dirname(name), specifier) : undefined
}

function violations(judge: (source: SourceFile, line: ImportLine) => string | undefined): string[] {
  return sources.flatMap((source) =>
    source.imports.flatMap((line) => {
      const verdict = judge(source, line)
      return verdict === undefined ? [] : [`${source.name}:${line.line}: ${verdict}`]
    }),
  )
}

/** The lines on which a global is used: as a word that is no property, key or declaration of its own. */
function usesOf({ code }: SourceFile, name: string): number[] {
  const pattern = new RegExp(`(?<![.#\\w$])${name}\\s*[.[]|\\bglobalThis\\.${name}\\b`, 'g')
  return [...code.matchAll(pattern)].map(({ index }) => code.slice(0, index).split('\n').length)
}

/** Each circle once, written as the chain of its files. Type-only imports count: a reader follows them too. */
function findCircles(files: readonly SourceFile[]): string[] {
  const targets = new Map(
    files.map((file) => [
      file.name,
      file.imports.map((line) => targetOf(file, line)).filter((name) => name !== undefined),
    ]),
  )
  const circles: string[] = []
  const done = new Set<string>()
  const visit = (name: string, chain: readonly string[]): void => {
    const seen = chain.indexOf(name)
    if (seen >= 0) {
      circles.push([...chain.slice(seen), name].join(' -> '))
      return
    }
    if (done.has(name)) return
    for (const target of targets.get(name) ?? []) visit(target, [...chain, name])
    done.add(name)
  }
  for (const { name } of files) visit(name, [])
  return circles
}

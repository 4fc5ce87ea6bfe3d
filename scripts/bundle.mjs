// Joins the compiled modules into few files: `node scripts/bundle.mjs [folder of the compiled files]`.
//
// Node takes about half a millisecond for each module file. A process that makes one request would spend more on finding the
// files of this package than on all else. So the modules that the same entries need are one file, a chunk. An entry is what
// package.json names, or what `import()` loads at the moment of use. The file that `tsc` made of a module gives what it gave, out of its
// chunk.
//
// The text of a module stays as `tsc` wrote it, without comments, in a function of its own that gives what it exports: no name
// is changed, and a stack can be read. A module is in one file only, so that there is each class once. It needs what is so here
// and is checked: no circle of modules, no `export let`, no default export.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { parseSync } from 'oxc-parser'

const root = path.resolve(import.meta.dirname, '..')
const folder = path.resolve(root, process.argv[2] ?? 'dist')
const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))

const entries = entriesOf(manifest)
const modules = readModules(entries)
const order = inOrder([...modules.keys()])
const chunks = chunksOf()
write()

/** The modules that package.json names, by their path in the folder. */
function entriesOf({ exports, bin }) {
  const named = Object.values(exports).flatMap((entry) => (typeof entry === 'string' ? [] : [entry.default]))
  return [...named, ...Object.values(bin)]
    .map((file) => path.posix.normalize(file).replace(/^dist\//, ''))
    .filter((file) => file.endsWith('.js'))
}

/** Reads entries and all that they import. */
function readModules(first) {
  const found = new Map()
  const waiting = [...first]
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (found.has(file)) continue
    const module = readModule(file)
    found.set(file, module)
    waiting.push(...module.imports, ...module.lazyImports)
  }
  return found
}

function readModule(file) {
  const text = readFileSync(path.join(folder, file), 'utf8')
  const { program, comments, errors } = parseSync(file, text)
  if (errors.length > 0) throw new Error(`${file}: ${errors[0].message}`)
  const lazyImports = []
  const edits = comments.map(({ start, end }) => withoutComment(text, start, end))
  visitImports(program, (node) => {
    const target = resolve(file, node.source.value)
    if (target === undefined) return
    lazyImports.push(target)
    // Written again when it is known where it will be.
    edits.push({ start: node.source.start, end: node.source.end, lazy: target })
  })
  const module = {
    file,
    text,
    edits,
    imports: [],
    lazyImports,
    needs: [],
    gives: [],
    external: [],
    shebang: '',
    isAwaiting: hasAwait(program.body),
  }
  if (program.hashbang) {
    module.shebang = `${text.slice(program.hashbang.start, program.hashbang.end)}\n`
    edits.push({ start: program.hashbang.start, end: program.hashbang.end, text: '' })
  }
  for (const statement of program.body) readStatement(module, statement)
  return module
}

/** Takes the imports and exports out of a module, and notes them. */
function readStatement(module, statement) {
  const { file, edits } = module
  const remove = () => edits.push({ start: statement.start, end: statement.end, text: '' })
  const from =
    statement.source === null || statement.source === undefined ? undefined : statement.source.value
  const target = from === undefined ? undefined : resolve(file, from)
  if (target !== undefined) module.imports.push(target)
  switch (statement.type) {
    case 'ImportDeclaration': {
      remove()
      const names = statement.specifiers.map((one) => ({
        local: one.local.name,
        imported:
          one.type === 'ImportSpecifier'
            ? nameOf(one.imported)
            : one.type === 'ImportDefaultSpecifier'
              ? 'default'
              : '*',
      }))
      if (target === undefined) module.external.push({ from, names })
      else module.needs.push({ target, names })
      break
    }
    case 'ExportAllDeclaration':
      if (target === undefined || statement.exported !== null)
        throw new Error(`${file}: an export * it cannot join`)
      remove()
      module.gives.push({ all: target })
      break
    case 'ExportNamedDeclaration':
      if (statement.declaration === null) {
        remove()
        for (const one of statement.specifiers)
          module.gives.push({ name: nameOf(one.exported), local: nameOf(one.local), target })
      } else {
        const { declaration } = statement
        edits.push({ start: statement.start, end: declaration.start, text: '' })
        for (const name of declaredNames(file, declaration)) module.gives.push({ name, local: name })
      }
      break
    case 'ExportDefaultDeclaration':
      throw new Error(`${file}: a default export`)
  }
}

function nameOf(node) {
  return node.type === 'Literal' ? node.value : node.name
}

function declaredNames(file, { type, kind, id, declarations }) {
  if (type !== 'VariableDeclaration') return [id.name]
  if (kind !== 'const') throw new Error(`${file}: export ${kind}, whose value may change`)
  return declarations.map((one) => {
    if (one.id.type !== 'Identifier') throw new Error(`${file}: an export that is taken apart`)
    return one.id.name
  })
}

/** Whether there is an `await` outside of all functions. */
function hasAwait(node) {
  if (Array.isArray(node)) return node.some(hasAwait)
  if (typeof node !== 'object' || node === null || /Function|Class/.test(node.type)) return false
  return node.type === 'AwaitExpression' || Object.values(node).some(hasAwait)
}

/** Calls `found` for each `import('…')`. */
function visitImports(node, found) {
  if (Array.isArray(node)) for (const one of node) visitImports(one, found)
  else if (typeof node === 'object' && node !== null) {
    if (node.type === 'ImportExpression' && node.source.type === 'Literal') found(node)
    for (const value of Object.values(node)) if (typeof value === 'object') visitImports(value, found)
  }
}

/** The file of a relative specifier; undefined for a package or a module of Node. */
function resolve(file, specifier) {
  return specifier.startsWith('.') ? path.posix.join(path.posix.dirname(file), specifier) : undefined
}

/** A comment goes with its line where nothing else is on it. One with a line end in it stands for a line end. */
function withoutComment(text, start, end) {
  let from = start
  while (from > 0 && (text[from - 1] === ' ' || text[from - 1] === '\t')) from--
  const isWhole = (from === 0 || text[from - 1] === '\n') && text[end] === '\n'
  if (isWhole) return { start: from, end: end + 1, text: '' }
  return { start, end, text: text.slice(start, end).includes('\n') ? '\n' : ' ' }
}

/** Each module after those that it imports. */
function inOrder(files) {
  const done = []
  const state = new Map()
  const visit = (file, path) => {
    if (state.get(file) === 'done') return
    if (state.get(file) === 'begun') throw new Error(`a circle of modules: ${[...path, file].join(' → ')}`)
    state.set(file, 'begun')
    for (const one of modules.get(file).imports) visit(one, [...path, file])
    state.set(file, 'done')
    done.push(file)
  }
  for (const file of files.sort()) visit(file, [])
  return done
}

/** All that a module imports, itself included, without what it loads later. */
function closureOf(file) {
  const found = new Set()
  const visit = (one) => {
    if (found.has(one)) return
    found.add(one)
    for (const next of modules.get(one).imports) visit(next)
  }
  visit(file)
  return found
}

/**
 * The chunks: modules by the set of entries that need them. What an entry that is loaded later shares with all who load it
 * is there already, and makes no chunk of its own. A chunk imports only chunks that more entries need: so there is no circle.
 */
function chunksOf() {
  const lazy = [...new Set([...modules.values()].flatMap(({ lazyImports }) => lazyImports))].filter(
    (file) => !entries.includes(file),
  )
  const closures = new Map([...entries, ...lazy].map((file) => [file, closureOf(file)]))
  const loaders = new Map(
    lazy.map((file) => [
      file,
      entries.filter((entry) =>
        [...closures.get(entry)].some((one) => modules.get(one).lazyImports.includes(file)),
      ),
    ]),
  )
  const found = new Map()
  for (const file of order) {
    const needing = entries.filter((entry) => closures.get(entry).has(file))
    const later = lazy.filter(
      (one) =>
        closures.get(one).has(file) &&
        !(loaders.get(one).length > 0 && loaders.get(one).every((entry) => needing.includes(entry))),
    )
    const key = [...needing, ...later].join(' ')
    const chunk = found.get(key) ?? { entries: [...needing, ...later], files: [] }
    chunk.files.push(file)
    found.set(key, chunk)
  }
  for (const chunk of found.values()) chunk.path = pathOf(chunk)
  return [...found.values()]
}

function pathOf({ entries: needing }) {
  return `chunks/${needing.map((file) => file.replace(/(\/index|\/main)?\.js$/, '').replaceAll('/', '-')).join('_')}.js`
}

function variableOf(file) {
  return file.replace(/\.js$/, '').replaceAll(/[^a-zA-Z0-9]/g, '_')
}

/** The names that a module gives, `export *` resolved. */
function namesOf(file) {
  return modules.get(file).gives.flatMap((one) => (one.all === undefined ? [one.name] : namesOf(one.all)))
}

function specifierTo(from, to) {
  const relative = path.posix.relative(path.posix.dirname(from), to)
  return relative.startsWith('.') ? relative : `./${relative}`
}

/** The text of a module as a function that gives what it exports. */
function functionOf(file, chunk) {
  const { text, edits, needs, gives, external, isAwaiting } = modules.get(file)
  const lines = []
  for (const { from, names } of external)
    for (const { local, imported } of names) lines.push(`const ${local} = ${outerName(from, imported)}`)
  for (const { target, names } of needs) {
    const taken = names.map(({ local, imported }) => (local === imported ? local : `${imported}: ${local}`))
    if (names.some(({ imported }) => imported === '*'))
      lines.push(`const ${names[0].local} = ${variableOf(target)}`)
    else if (taken.length > 0) lines.push(`const { ${taken.join(', ')} } = ${variableOf(target)}`)
  }
  const given = gives.map(({ all, name, local, target }) => {
    if (all !== undefined) return `...${variableOf(all)}`
    if (target !== undefined) return `${name}: ${variableOf(target)}.${local}`
    return name === local ? name : `${name}: ${local}`
  })
  return [
    `// ${file}`,
    `const ${variableOf(file)} = ${isAwaiting ? 'await (async ' : '('}() => {`,
    ...lines,
    edited(text, edits, chunk).trim(),
    `return { ${given.join(', ')} }`,
    '})()',
    '',
  ].join('\n')
}

function edited(text, edits, chunk) {
  let at = 0
  let result = ''
  for (const { start, end, text: by, lazy } of edits.sort((a, b) => a.start - b.start)) {
    if (start < at) continue
    result += text.slice(at, start) + (lazy === undefined ? by : `'${specifierTo(chunk.path, lazy)}'`)
    at = end
  }
  return result + text.slice(at)
}

function outerName(from, imported) {
  const name = imported === '*' ? 'all' : imported
  return `${from.replaceAll(/[^a-zA-Z0-9]/g, '_')}$${name}`
}

function textOf(chunk) {
  const inside = new Set(chunk.files)
  const outside = new Map()
  const external = new Map()
  for (const file of chunk.files) {
    for (const { from, names } of modules.get(file).external) {
      if (!external.has(from)) external.set(from, new Set())
      for (const { imported } of names) external.get(from).add(imported)
    }
    for (const target of modules.get(file).imports) {
      if (inside.has(target)) continue
      const { path: where } = chunkOf(target)
      if (!outside.has(where)) outside.set(where, new Set())
      outside.get(where).add(variableOf(target))
    }
  }
  const lines = []
  for (const [from, names] of external) {
    const named = [...names].filter((name) => name !== '*')
    if (names.has('*')) lines.push(`import * as ${outerName(from, '*')} from '${from}'`)
    if (named.length > 0)
      lines.push(
        `import { ${named.map((name) => `${name} as ${outerName(from, name)}`).join(', ')} } from '${from}'`,
      )
  }
  for (const [where, names] of outside)
    lines.push(`import { ${[...names].join(', ')} } from '${specifierTo(chunk.path, where)}'`)
  return [...lines, ...chunk.files.map((file) => functionOf(file, chunk))].join('\n')
}

function chunkOf(file) {
  return chunks.find(({ files }) => files.includes(file))
}

function write() {
  for (const chunk of chunks) {
    const given = `export { ${chunk.files.map(variableOf).join(', ')} }\n`
    writeText(chunk.path, textOf(chunk) + given)
    // A module can be found by its own name, in the file that tsc has made for it.
    for (const file of chunk.files) {
      const door = `import { ${variableOf(file)} } from '${specifierTo(file, chunk.path)}'\n${exportsOf(file)}`
      writeText(file, modules.get(file).shebang + door)
    }
  }
}

function writeText(file, text) {
  mkdirSync(path.dirname(path.join(folder, file)), { recursive: true })
  writeFileSync(path.join(folder, file), text)
}

function exportsOf(file) {
  const names = namesOf(file)
  return names.length === 0
    ? ''
    : `export const { ${[...new Set(names)].join(', ')} } = ${variableOf(file)}\n`
}

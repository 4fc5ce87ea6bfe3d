// Lists every public name without a hover text: the names that the three entries export, and the members that their users
// see. Fails where there is one. `node scripts/hover.mjs [entry ...]` What editors show is the TSDoc comment right above a declaration; the prose at the head of
// a file is not shown.
//
// Left out is what needs none: private and protected members, constructors (the text of the class stands for them), members
// that a documented one of a parent class or interface declares, setters beside a getter, and what shows itself: the
// word that tells the kinds of a union apart, and constants whose type is a number.

import { readFileSync } from 'node:fs'
import path from 'node:path'
import { parseSync } from 'oxc-parser'

const ENTRIES = [
  'src/index.ts',
  'src/cookies/index.ts',
  'src/fetch/index.ts',
  'src/h1/index.ts',
  'src/python/index.ts',
]

const root = path.resolve(import.meta.dirname, '..')
const modules = new Map()
const open = new Set()
let count = 0

const given = process.argv.slice(2)
for (const file of given.length > 0 ? given : ENTRIES) {
  for (const found of exportsOf(path.resolve(root, file)).values()) judge(found)
}

for (const name of [...open].sort((a, b) => a.localeCompare(b, 'en')))
  console.error(`hover: no text for ${name}`)
console.log(`hover: ${count} public names and members, ${open.size} without a text`)
if (open.size > 0) process.exitCode = 1

/** A source, parsed once: its statements, and the ends of its doc comments. */
function read(file) {
  if (!modules.has(file)) {
    const text = readFileSync(file, 'utf8')
    const { program, comments, errors } = parseSync(file, text)
    if (errors.length > 0) throw new Error(`${file}: ${errors[0].message}`)
    const docs = comments.filter(({ type, value }) => type === 'Block' && value.startsWith('*'))
    modules.set(file, { file, text, body: program.body, docs })
  }
  return modules.get(file)
}

/** Whether a doc comment stands right above a node. */
function hasDoc({ text, docs }, { start }) {
  const above = docs.findLast(({ end }) => end <= start)
  return above !== undefined && /^(?:\s|@\w+\([^)]*\)|\/\/[^\n]*\n)*$/.test(text.slice(above.end, start))
}

/** name → where it is declared, of everything that a module exports. */
function exportsOf(file) {
  const module = read(file)
  const found = new Map()
  for (const statement of module.body) {
    if (statement.type === 'ExportAllDeclaration') {
      for (const [name, place] of exportsOf(resolve(file, statement.source.value))) found.set(name, place)
    } else if (statement.type === 'ExportNamedDeclaration' && isThere(statement.source)) {
      const others = exportsOf(resolve(file, statement.source.value))
      for (const { local, exported } of statement.specifiers) {
        const place = others.get(local.name)
        if (place === undefined)
          throw new Error(`${file}: ${local.name} is not exported by ${statement.source.value}`)
        found.set(exported.name, place)
      }
    } else if (statement.type === 'ExportNamedDeclaration' && isThere(statement.declaration)) {
      // A name may be exported twice, as a value and as a type: the first is the one with the text.
      for (const [name, node] of declared(statement.declaration))
        if (!found.has(name)) found.set(name, { name, node, statement, module })
    }
  }
  return found
}

function declared(declaration) {
  if (declaration.type === 'VariableDeclaration')
    return declaration.declarations.map((one) => [one.id.name, one])
  return [[declaration.id.name, declaration]]
}

function resolve(from, specifier) {
  return path.resolve(path.dirname(from), specifier)
}

function judge({ name, node, statement, module }) {
  if (!isLiteral(node.id.typeAnnotation)) note(name, module, statement)
  const inherited = documentedAbove(node, module)
  for (const member of membersOf(node)) {
    const memberName = nameOf(member)
    if (memberName === undefined || inherited.has(memberName)) continue
    if (member.kind === 'set' && hasGetter(node, memberName)) continue
    note(`${name}.${memberName}`, module, member)
  }
}

function note(name, module, node) {
  const place = `${name} (${path.relative(root, module.file).split(path.sep).join('/')})`
  if (hasDoc(module, node)) open.delete(place)
  else open.add(place)
  count++
}

/** The members of a class, an interface, or a type of objects; overloads once. */
function membersOf(node) {
  const members =
    node.type === 'ClassDeclaration' || node.type === 'TSInterfaceDeclaration'
      ? node.body.body
      : node.type === 'TSTypeAliasDeclaration'
        ? objectsIn(node.typeAnnotation).flatMap(({ members }) => members)
        : []
  const seen = new Set()
  return members.filter((member) => {
    const key = `${member.kind} ${nameOf(member)}`
    if (seen.has(key)) return false
    seen.add(key)
    return true
  })
}

function objectsIn(type) {
  if (type.type === 'TSTypeLiteral') return [type]
  return type.type === 'TSUnionType' || type.type === 'TSIntersectionType'
    ? type.types.flatMap(objectsIn)
    : []
}

/** The name of a member that users see, as they write it. */
function nameOf(member) {
  if (member.accessibility === 'private' || member.accessibility === 'protected') return undefined
  if (member.kind === 'constructor' || isLiteral(member.typeAnnotation)) return undefined
  const { key, computed } = member
  if (!isThere(key) || key.type === 'PrivateIdentifier') return undefined
  if (computed && key.type === 'MemberExpression') return `[${key.object.name}.${key.property.name}]`
  return key.type === 'Literal' ? String(key.value) : key.name
}

/** What a syntax tree has not is null in some nodes and left out in others. */
function isThere(node) {
  return node !== null && node !== undefined
}

/** Whether a type is one word or number, which an editor shows. */
function isLiteral(annotation) {
  return annotation?.typeAnnotation?.type === 'TSLiteralType'
}

function hasGetter(node, name) {
  return membersOf(node).some((member) => member.kind === 'get' && nameOf(member) === name)
}

/** The names of members that a parent of ours documents. */
function documentedAbove(node, module) {
  const names = new Set()
  const parents = [
    ...(isThere(node.superClass) ? [node.superClass] : []),
    ...(node.implements ?? node.extends ?? []).map(({ expression }) => expression),
  ]
  for (const parent of parents) {
    const place = parent.type === 'Identifier' ? declarationOf(parent.name, module) : undefined
    if (place === undefined) continue
    for (const member of membersOf(place.node)) {
      const name = nameOf(member)
      if (name !== undefined && hasDoc(place.module, member)) names.add(name)
    }
    for (const name of documentedAbove(place.node, place.module)) names.add(name)
  }
  return names
}

/** Where a name that is used in a module is declared, if in one of ours. */
function declarationOf(name, module) {
  for (const statement of module.body) {
    if (statement.type === 'ImportDeclaration' && statement.source.value.startsWith('.')) {
      const specifier = statement.specifiers.find(({ local }) => local.name === name)
      if (specifier !== undefined)
        return exportsOf(resolve(module.file, statement.source.value)).get(specifier.imported.name)
    }
    const declaration = statement.declaration ?? statement
    if (declaration.id?.name === name) return { node: declaration, module }
  }
  return undefined
}

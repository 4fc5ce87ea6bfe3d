// Takes out of a joined file what nobody needs there: the comments on declarations, which editors show from the `.d.ts`, and what
// esbuild adds to note the names of functions (`keepNames`), where the name is that of the source without it.
//
// esbuild writes `__name(() => {}, "listener")`, a call of `Object.defineProperty` each time the function is made. A function
// whose name was defined like that has a table of properties of its own: two of them held a tenth of the heap of an idle
// connection. What is left is what is needed: a class that had to be renamed in the file, because another has its name.
// A class that speaks of itself is `X = class _X` in the file: it is called X again.

import { parseSync, Visitor } from 'oxc-parser'

const HELPER = '__name'

/** The text of a joined file (a module), without comments on declarations, and with names noted only where they would differ. */
export function tidyJoined(text) {
  const { program, comments, errors } = parseSync('joined.js', text)
  if (errors.length > 0) throw new Error(`a joined file cannot be read: ${errors[0].message}`)
  const edits = []
  const renamed = new Map()
  const cut = ({ start, end }, by = '') => edits.push({ start, end, by })

  new Visitor({
    // What is loaded for nothing: no module does anything when it is loaded, and bundlers of others would complain.
    ImportDeclaration(statement) {
      if (statement.specifiers.length === 0 && statement.source.value.startsWith('.')) cut(statement)
    },
    // A function by itself: `__name(parse, "parse");`
    ExpressionStatement(statement) {
      const named = namedBy(statement.expression)
      if (named?.type === 'Identifier') cut(statement)
    },
    // A function where a value stands: `__name(() => {}, "listener")`
    CallExpression(call) {
      const named = namedBy(call)
      if (named === undefined || named.type === 'ThisExpression' || named.type === 'Identifier') return
      cut({ start: call.start, end: named.start }, '(')
      cut({ start: named.end, end: call.end }, ')')
    },
    // A class: `var X = class _X { static { __name(this, "X"); } }`
    VariableDeclarator({ id, init }) {
      if (init?.type !== 'ClassExpression') return
      const block = init.body.body.find(isNote)
      if (block === undefined || noteOf(block) !== id.name) return
      cut(block)
      if (init.id !== null) renamed.set(init.id.name, { name: id.name, start: init.start, end: init.end })
    },
  }).visit(program)

  // A name that is anything else than that of the class, or means another thing in it, would become a fault that nobody sees.
  const plain = new Map([...renamed].map(([own, { name, start, end }]) => [name, { own, start, end }]))
  const check = ({ name, start }) => {
    const outside = renamed.get(name)
    if (outside !== undefined && (start < outside.start || start >= outside.end)) refuse(name)
    const inside = plain.get(name)
    if (inside !== undefined && start >= inside.start && start < inside.end) refuse(name)
  }
  const isNamed = (node) => node.type === 'Identifier' && renamed.has(node.name)
  new Visitor({
    MemberExpression({ computed, property }) {
      if (!computed && isNamed(property)) refuse(property.name)
    },
    Property({ computed, key }) {
      if (!computed && isNamed(key)) refuse(key.name)
    },
    Identifier(identifier) {
      check(identifier)
      const found = renamed.get(identifier.name)
      if (found !== undefined) cut(identifier, found.name)
    },
  }).visit(program)

  for (const { type, value, start, end } of comments) {
    if (type !== 'Block' || !value.startsWith('*')) continue
    // With the whole of its lines, where it stands alone there.
    const from = text.lastIndexOf('\n', start) + 1
    const isAlone = text.slice(from, start).trim() === '' && text[end] === '\n'
    cut(isAlone ? { start: from, end: end + 1 } : { start, end })
  }

  return edited(text, edits)
}

function refuse(name) {
  throw new Error(`a joined file uses the name ${name} for more than a class`)
}

/** What a call notes the name of; undefined for any other expression. */
function namedBy({ type, callee, arguments: given }) {
  return type === 'CallExpression' && callee.type === 'Identifier' && callee.name === HELPER
    ? given[0]
    : undefined
}

/** Whether a member of a class is the block that notes the name of the class. */
function isNote({ type, body }) {
  return (
    type === 'StaticBlock' &&
    body.length === 1 &&
    namedBy(body[0].expression ?? {})?.type === 'ThisExpression'
  )
}

function noteOf({ body: [statement] }) {
  return statement.expression.arguments[1].value
}

/** The text with pieces replaced, which may lie inside each other's ends but never overlap. */
function edited(text, edits) {
  let done = ''
  let at = 0
  for (const { start, end, by } of edits.sort((a, b) => a.start - b.start || a.end - b.end)) {
    if (start < at) throw new Error(`two changes of a joined file overlap at ${start}`)
    done += text.slice(at, start) + by
    at = end
  }
  return done + text.slice(at)
}

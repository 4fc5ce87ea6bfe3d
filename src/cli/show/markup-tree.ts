/**
 * HTML and XML as a tree, as far as its lines have to do with it: which elements stand in which. Everything of the text is in it,
 * in order. Pure; each character is looked at a fixed number of times.
 */

/** A piece of text, or a comment, a declaration, an end tag that ends nothing: as it is written. */
export interface Leaf {
  readonly kind: 'text' | 'note' | 'stray'
  readonly source: string
}

export interface Element {
  readonly kind: 'element'
  /** In small letters, but in XML. */
  readonly name: string
  /** The tag that begins it. */
  readonly start: string
  readonly children: Node[]
  /** What stands in it is kept to the letter: it is one text. */
  readonly isRaw: boolean
  /** The tag that ends it; empty for none. */
  end: string
}

export type Node = Leaf | Element

/** What is nested deeper is written as it came. */
const MAX_DEPTH = 200

const VOID: ReadonlySet<string> = setOf(
  'area base br col embed hr img input link meta param source track wbr',
)
/** Blanks are kept in them, or their text is no HTML. */
const RAW: ReadonlySet<string> = setOf('listing pre script style textarea title xmp')
/** Elements that a beginning ends where their end tag is left out (HTML §13.1.2.4). The peer writes the names: a map has no others. */
const ENDED_BY: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['li', setOf('li')],
  ['dt', setOf('dt dd')],
  ['dd', setOf('dt dd')],
  ['option', setOf('option')],
  ['optgroup', setOf('option optgroup')],
  ['td', setOf('td th')],
  ['th', setOf('td th')],
  ['tr', setOf('td th tr')],
  ['tbody', setOf('td th tr thead tbody')],
  ['tfoot', setOf('td th tr thead tbody')],
  ['body', setOf('head')],
])

/** Words as a set. */
export function setOf(words: string): ReadonlySet<string> {
  return new Set(words.split(' '))
}

const TAG_START = /[a-zA-Z_]/
const TAG_NAME = /^<\/?([^\s/>]+)/

/**
 * The tree under a root without a name.
 * @param endsBlocks - which elements end a paragraph that has no end tag
 * @returns undefined for what has a tag that does not end, or is nested deeper than anybody reads
 */
export function readMarkup(
  text: string,
  isXml: boolean,
  endsBlocks: ReadonlySet<string>,
): Element | undefined {
  const root: Element = { kind: 'element', name: '', start: '', children: [], isRaw: false, end: '' }
  const open: Element[] = [root]
  let foreign = 0
  let at = 0
  const top = (): Element => open.at(-1)!
  const add = (kind: Leaf['kind'], end: number): void => {
    if (end > at) top().children.push({ kind, source: text.slice(at, end) })
    at = end
  }
  const close = (): void => {
    const { name } = open.pop()!
    if (name === 'svg' || name === 'math') foreign--
  }
  while (at < text.length) {
    const next = text.indexOf('<', at)
    if (next < 0) {
      add('text', text.length)
      break
    }
    const after = text[next + 1] ?? ''
    const isEnd = after === '/' && TAG_START.test(text[next + 2] ?? '')
    if (!isEnd && !/[a-zA-Z_!?]/.test(after)) {
      add('text', next + 1)
      continue
    }
    add('text', next)
    if (after === '!' || after === '?') {
      const isData = text.startsWith('<![CDATA[', at)
      const mark = text.startsWith('<!--', at) ? '-->' : isData ? ']]>' : after === '?' && isXml ? '?>' : '>'
      const end = text.indexOf(mark, at + 2)
      if (end < 0) return undefined
      add(isData ? 'text' : 'note', end + mark.length)
      continue
    }
    const tagEnd = endOfTag(text, at)
    if (tagEnd === undefined) return undefined
    const tag = text.slice(at, tagEnd)
    const [, written = ''] = TAG_NAME.exec(tag) ?? []
    const name = isXml ? written : written.toLowerCase()
    if (isEnd) {
      const index = open.findLastIndex((one, depth) => depth > 0 && one.name === name)
      if (index < 0) {
        add('stray', at + tag.length)
        continue
      }
      while (open.length > index + 1) close()
      top().end = tag
      close()
      at += tag.length
      continue
    }
    if (!isXml && foreign === 0) {
      const ended = ENDED_BY.get(name)
      while (ended?.has(top().name) === true || (top().name === 'p' && endsBlocks.has(name))) close()
    }
    const isRaw = !isXml && foreign === 0 && RAW.has(name)
    const element: Element = { kind: 'element', name, start: tag, children: [], isRaw, end: '' }
    top().children.push(element)
    at += tag.length
    if (isRaw) {
      const found = endOfRaw(text, name, at)
      if (found === undefined) return undefined
      const [from, to] = found
      if (from > at) element.children.push({ kind: 'text', source: text.slice(at, from) })
      element.end = text.slice(from, to)
      at = to
      continue
    }
    const isEmpty = isXml || foreign > 0 ? tag.endsWith('/>') : VOID.has(name)
    const isSelfClosed = !isXml && (name === 'svg' || name === 'math') && tag.endsWith('/>')
    if (isEmpty || isSelfClosed) continue
    if (open.length > MAX_DEPTH) return undefined
    open.push(element)
    if (name === 'svg' || name === 'math') foreign++
  }
  return root
}

const TAG_PART = /["'<>]/g

/** Where a tag ends that begins here: values in quotation marks may have a `>` in them. */
function endOfTag(text: string, at: number): number | undefined {
  TAG_PART.lastIndex = at + 1
  for (let part = TAG_PART.exec(text); part !== null; part = TAG_PART.exec(text)) {
    const [mark] = part
    if (mark === '>') return part.index + 1
    const end = mark === '<' ? -1 : text.indexOf(mark, part.index + 1)
    if (end < 0) return undefined
    TAG_PART.lastIndex = end + 1
  }
  return undefined
}

/** Where the tag that ends a raw element is. */
function endOfRaw(text: string, name: string, at: number): readonly [from: number, to: number] | undefined {
  const end = new RegExp(`</${name}[\\s/>]`, 'gi')
  end.lastIndex = at
  const found = end.exec(text)
  if (found === null) return undefined
  const close = text.indexOf('>', found.index)
  return close < 0 ? undefined : [found.index, close + 1]
}

/**
 * HTML and XML in lines: one element a line, those in it two blanks deeper, words in the width of the terminal. Blanks are put,
 * and runs of them joined, only where they say nothing: around what is a block anyway, where there are blanks already, between
 * attributes. What is in `pre`, `textarea`, `script` and `style` stays to the letter, as does an element of XML that has text.
 */

import type { Colors } from './colors.ts'
import { type Element, type Node, readMarkup, setOf } from './markup-tree.ts'

/** Blocks, and what has no place on the page: a blank beside them is not seen. */
const BLOCKS: ReadonlySet<string> = setOf(
  'address article aside base blockquote body caption center col colgroup dd details dialog dir div dl dt fieldset figcaption figure footer form frame frameset h1 h2 h3 h4 h5 h6 head header hgroup hr html legend li link listing main menu meta nav ol optgroup option p pre search section summary table tbody td tfoot th thead title tr ul xmp',
)
/** They end a paragraph that has no end tag (HTML §13.1.2.4). */
const END_PARAGRAPH: ReadonlySet<string> = setOf(
  'address article aside blockquote details dialog div dl dt dd fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr li main menu nav ol p pre search section table td th tr ul',
)
/** They are not seen themselves, and so are a line only among blocks. */
const UNSEEN: ReadonlySet<string> = setOf('script style template noscript')
/** They are no box of their own: where blocks alone are in them, they are as good as one. */
const WRAPPERS: ReadonlySet<string> = setOf('a abbr b del em font i ins noscript small span strong template')
/** Lines that begin in them begin where they do. */
const FLAT: ReadonlySet<string> = setOf('html')

/** What is not broken, and whether a line ends after it. */
interface Word {
  text: string
  width: number
  endsLine?: boolean
  /** It is of the tag that a word before it begins: on a new line it stands deeper. */
  isInTag?: boolean
}

/** A line, or several: words, or an element with what is in it. */
type Item = { readonly words: Word[] } | { readonly block: Element }

/** In characters: the blanks of deep lines are many. */
const MAX_LAID_OUT = 16 * 1_048_576

/**
 * The lines, with the end of the last one; undefined for what is no markup that can be read.
 * @param width - of a line
 */
export function foldMarkup(text: string, isXml: boolean, colors: Colors, width: number): string | undefined {
  const root = readMarkup(text, isXml, END_PARAGRAPH)
  return root === undefined ? undefined : new Folding(isXml, colors, width).fold(root)
}

class Folding {
  readonly #isXml: boolean
  readonly #colors: Colors
  readonly #width: number
  readonly #blocks: Map<Element, boolean> = new Map()
  readonly #holders: Map<Element, boolean> = new Map()
  readonly #lines: string[] = []
  #left = MAX_LAID_OUT

  constructor(isXml: boolean, colors: Colors, width: number) {
    this.#isXml = isXml
    this.#colors = colors
    this.#width = width
  }

  fold(root: Element): string | undefined {
    this.#printItems(this.#itemsOf(root), 0)
    return this.#left < 0 ? undefined : `${this.#lines.join('\n')}\n`
  }

  #printItems(items: readonly Item[], indent: number): void {
    for (const item of items) {
      if (this.#left < 0) return
      if ('words' in item) this.#printWords(item.words, indent)
      else this.#printBlock(item.block, indent)
    }
  }

  #printBlock(element: Element, indent: number): void {
    const start = this.#tagWords(element.start)
    const end = element.end === '' ? [] : this.#tagWords(element.end)
    if (this.#isKept(element)) {
      this.#printWords(this.#inlineWords([element]), indent)
      return
    }
    const items = this.#itemsOf(element)
    const [first, ...more] = items
    if (first === undefined || (more.length === 0 && 'words' in first)) {
      const words: Word[] = []
      for (const part of [start, first === undefined ? [] : first.words, end]) glue(words, part, true)
      const width = words.reduce((sum, one) => sum + one.width + 1, indent - 1)
      const isShort = width <= this.#width && words.slice(0, -1).every(({ endsLine }) => endsLine !== true)
      if (isShort || first === undefined) {
        this.#printWords(words, indent)
        return
      }
    }
    this.#printWords(start, indent)
    this.#printItems(items, FLAT.has(element.name) ? indent : indent + 2)
    if (end.length > 0) this.#printWords(end, indent)
  }

  /** Fills lines. */
  #printWords(words: readonly Word[], indent: number): void {
    let line = ''
    let width = 0
    let isNew = true
    const finish = (): void => {
      const written = `${' '.repeat(indent)}${line}`
      this.#left -= written.length
      this.#lines.push(written)
      line = ''
      isNew = true
    }
    for (const word of words) {
      if (!isNew && indent + width + 1 + word.width > this.#width) finish()
      const before = isNew ? (word.isInTag === true ? '  ' : '') : `${line} `
      width = (isNew ? before.length : width + 1) + word.width
      line = before + word.text
      isNew = false
      if (word.endsLine === true) finish()
    }
    if (!isNew) finish()
  }

  /** What stands in an element, in lines. */
  #itemsOf(element: Element): Item[] {
    const items: Item[] = []
    let run: Node[] = []
    const flush = (): void => {
      const words = this.#inlineWords(run)
      if (words.length > 0) items.push({ words })
      run = []
    }
    for (const child of element.children) {
      const isLine = child.kind === 'element' && this.#isBlock(child, element)
      if (isLine) {
        flush()
        items.push({ block: child })
      } else if (child.kind === 'note' && isBlank(run)) {
        flush()
        items.push({ words: [this.#noteWord(child.source)] })
      } else run.push(child)
    }
    flush()
    return items
  }

  /** Whether a blank before it and after it says nothing. */
  #isBlock(element: Element, parent: Element): boolean {
    const known = this.#blocks.get(element)
    if (known !== undefined) return known
    const isBlock = this.#isXml ? this.#holdsBlocks(parent) : this.#isHtmlBlock(element, parent)
    this.#blocks.set(element, isBlock)
    return isBlock
  }

  /** Whether nothing but blocks, and what is not seen, is in it; in XML, no text. */
  #holdsBlocks(parent: Element): boolean {
    const known = this.#holders.get(parent)
    if (known !== undefined) return known
    const holds = this.#isXml ? !parent.children.some(isText) : parent.children.every(isUnseenOrBlock)
    this.#holders.set(parent, holds)
    return holds
  }

  #isHtmlBlock(element: Element, parent: Element): boolean {
    const { name, children } = element
    if (BLOCKS.has(name)) return true
    // Among blocks alone, or in a head, nothing is seen of it.
    if (UNSEEN.has(name) && (parent.name === 'head' || this.#holdsBlocks(parent))) return true
    const shown = children.filter((one) => one.kind !== 'text' || one.source.trim() !== '')
    return (
      WRAPPERS.has(name) &&
      shown.length > 0 &&
      shown.every((one) => one.kind === 'element' && this.#isBlock(one, element))
    )
  }

  /** What is written to the letter. */
  #isKept({ isRaw, start, name, children }: Element): boolean {
    if (!this.#isXml) return isRaw && name !== 'title'
    return /\sxml:space\s*=\s*["']preserve/.test(start) || children.some(isText)
  }

  /** Words that nothing but a blank of the text parts. */
  #inlineWords(nodes: readonly Node[]): Word[] {
    const words: Word[] = []
    let isGlued = false
    const add = (added: readonly Word[]): void => {
      glue(words, added, isGlued)
      isGlued = true
    }
    const walk = (node: Node, isKept: boolean, isFree: boolean): void => {
      if (node.kind === 'text') {
        if (isKept) {
          add([wordOf(node.source)])
          return
        }
        for (const piece of node.source.split(/([ \t\n\f\r]+)/)) {
          if (piece === '') continue
          if (/^[ \t\n\f\r]/.test(piece)) isGlued = false
          else add([wordOf(piece)])
        }
        return
      }
      if (node.kind !== 'element') {
        add(node.kind === 'note' ? [this.#noteWord(node.source)] : this.#tagWords(node.source))
        return
      }
      const { name, start, children, end } = node
      const isApart = isFree || name === 'option' || name === 'optgroup'
      if (isApart) isGlued = false
      add(this.#tagWords(start))
      if (name === 'br') {
        words.at(-1)!.endsLine = true
        isGlued = false
      }
      const keeps = isKept || this.#isKept(node)
      // Nothing is said by blanks between the shapes of a drawing.
      const isDrawing = (name === 'svg' || isFree) && !children.some(isText) && !keeps && name !== 'text'
      for (const child of children) walk(child, keeps, isDrawing)
      if (end !== '') add(this.#tagWords(end))
      if (isApart) isGlued = false
    }
    for (const node of nodes) walk(node, false, false)
    return words
  }

  #noteWord(source: string): Word {
    const paint = source.startsWith('<!--') ? this.#colors.dim : this.#colors.cyan
    return { text: paint(source), width: lastLine(source) }
  }

  /** A tag, parted between its attributes. */
  #tagWords(source: string): Word[] {
    const { cyan, yellow, green } = this.#colors
    const [, open = '', rest = ''] = /^(<\/?[^\s/>]+)([^]*)>$/.exec(source) ?? []
    if (open === '') return [wordOf(source)]
    const words: Word[] = [{ text: cyan(open), width: open.length }]
    for (const { 0: whole, 1: name = '', 2: equals = '', 3: value = '', index } of rest.matchAll(ATTRIBUTE)) {
      const text = equals === '' ? whole : `${yellow(name)}${equals.trim()}${green(value)}`
      const width = equals === '' ? lastLine(whole) : lastLine(`${name}${equals.trim()}${value}`)
      const isApart = /\s/.test(rest[index - 1] ?? '')
      // A slash at the end may be of a value where a blank goes, or comes.
      glue(words, [{ text, width, isInTag: true }], !isApart)
    }
    const last = words.at(-1)!
    last.text += cyan('>')
    last.width += 1
    return words
  }
}

/** A name with its value, or whatever stands between blanks. */
const ATTRIBUTE = /([^\s"'=]+)(\s*=\s*)("[^"]*"|'[^']*'|[^\s"']+)|"[^"]*"|'[^']*'|[^\s"']+/g

function wordOf(text: string): Word {
  return { text, width: lastLine(text) }
}

/** How far the last line of a text goes. */
function lastLine(text: string): number {
  return text.length - text.lastIndexOf('\n') - 1
}

/** Adds words, the first of them to the last that is there where nothing parts them. */
function glue(words: Word[], added: readonly Word[], isGlued: boolean): void {
  const [first, ...more] = added
  const last = words.at(-1)
  if (first === undefined) return
  if (!isGlued || last === undefined || last.endsLine === true) words.push({ ...first })
  else {
    last.text += first.text
    last.width = first.text.includes('\n') ? first.width : last.width + first.width
    if (first.endsLine === true) last.endsLine = true
  }
  for (const one of more) words.push({ ...one })
}

function isText(node: Node): boolean {
  return node.kind === 'text' && node.source.trim() !== ''
}

function isBlank(nodes: readonly Node[]): boolean {
  return nodes.every((node) => node.kind === 'text' && !isText(node))
}

function isUnseenOrBlock(node: Node): boolean {
  if (node.kind === 'element') return UNSEEN.has(node.name) || BLOCKS.has(node.name)
  return !isText(node) && node.kind !== 'stray'
}

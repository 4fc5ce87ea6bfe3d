/**
 * A text as its readers read it: with the escapes of JSON, of a URL and of markup undone, a layer at a time. What is a credential
 * is looked for in each layer, and masked where it stands in the text itself.
 */

/** A layer, and where each of its characters begins in the text itself; the end of the text is the last. */
export interface Layer {
  readonly text: string
  readonly starts: Uint32Array | undefined
}

/** So many are undone: JSON in JSON in a URL, or a URL in a URL in a URL. */
const MAX_LAYERS = 4

const ESCAPE =
  /%([0-9A-Fa-f]{2})|\\u([0-9A-Fa-f]{4})|\\x([0-9A-Fa-f]{2})|&#[xX]([0-9A-Fa-f]{1,6});|&#([0-9]{1,7});|\\(["'`\\/nrt])|&(quot|apos|amp|lt|gt);/g
const LETTERS: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  quot: '"',
  apos: "'",
  amp: '&',
  lt: '<',
  gt: '>',
}

/** The text itself, and then what is left when its escapes are undone, again and again. */
export function* layersOf(text: string): Generator<Layer, void, void> {
  let layer: Layer | undefined = { text, starts: undefined }
  for (let count = 0; layer !== undefined && count <= MAX_LAYERS; count++) {
    yield layer
    layer = unescape(layer)
  }
}

/** The next layer; undefined where nothing is escaped. */
function unescape({ text, starts }: Layer): Layer | undefined {
  let plain = ''
  let done = 0
  let offsets: Uint32Array | undefined
  const copy = (end: number): void => {
    offsets ??= new Uint32Array(text.length + 1)
    for (let i = done; i < end; i++) offsets[plain.length + i - done] = starts?.[i] ?? i
    plain += text.slice(done, end)
    done = end
  }
  for (const match of text.matchAll(ESCAPE)) {
    copy(match.index)
    offsets![plain.length] = starts?.[match.index] ?? match.index
    plain += characterOf(match)
    done = match.index + match[0].length
  }
  if (offsets === undefined) return undefined
  copy(text.length)
  offsets[plain.length] = starts?.[text.length] ?? text.length
  return { text: plain, starts: offsets }
}

function characterOf([, percent, unicode, hex, entityHex, entity, letter, name]: RegExpMatchArray): string {
  const digits = percent ?? unicode ?? hex ?? entityHex
  // One unit: an index counts units, and nothing that is looked for is beyond them.
  if (digits !== undefined) return String.fromCharCode(Number.parseInt(digits, 16))
  if (entity !== undefined) return String.fromCharCode(Number(entity))
  const which = (letter ?? name)!
  return LETTERS[which] ?? which
}

/**
 * Reads lists of mail addresses (RFC 822 §6): `Ned <ned@example.com>, homer@example.com (Homer)`. For `getaddr` and
 * `getaddrlist`; no field that HTTP acts upon holds addresses. What is malformed is read as far as it goes, never refused.
 */

/** The name that goes with an address, perhaps empty, and the address. */
export type NamedAddress = [name: string, address: string]

/** What may end an atom, besides white space. */
const SPECIALS = '()<>@,:;.\\"[]'

/** The addresses of a list, in order; groups are opened up. */
export function readAddressList(text: string): NamedAddress[] {
  return new AddressReader(text).read()
}

class AddressReader {
  readonly #text: string
  #at = 0
  /** Words and comments of the address that is being read; an address has no room for words without `<`. */
  #words: string[] = []
  #comments: string[] = []
  #address = ''
  #hasAngle = false

  constructor(text: string) {
    this.#text = text
  }

  read(): NamedAddress[] {
    const found: NamedAddress[] = []
    while (this.#at < this.#text.length) {
      const character = this.#text[this.#at]!
      if (character === ',' || character === ';') this.#finish(found)
      else if (character === ':') this.#forget()
      else if (character === '<') this.#readAngle()
      else if (character === '(') this.#comments.push(this.#readDelimited(')'))
      else if (character === '"') this.#words.push(`"${this.#readDelimited('"')}"`)
      else if (character === '[') this.#words.push(`[${this.#readDelimited(']')}]`)
      else if (/\s/.test(character)) this.#at++
      else if (SPECIALS.includes(character)) {
        this.#words.push(character)
        this.#at++
      } else this.#words.push(this.#readAtom())
    }
    this.#finish(found)
    return found
  }

  /** An address is complete: with `<...>` the words before it are its name, otherwise they are the address. */
  #finish(found: NamedAddress[]): void {
    this.#at++
    const comments = this.#comments.join(' ')
    if (this.#hasAngle) {
      const phrase = joinPhrase(this.#words)
      found.push([comments === '' ? phrase : `${phrase} (${comments})`.trimStart(), this.#address])
    } else if (this.#words.length > 0) {
      found.push([comments, this.#words.join('')])
    }
    this.#forget()
  }

  /** Also steps over the colon after the name of a group. */
  #forget(): void {
    if (this.#text[this.#at] === ':') this.#at++
    this.#words = []
    this.#comments = []
    this.#address = ''
    this.#hasAngle = false
  }

  /** `<ned @ example . com>`; a route before the address, up to its colon, is dropped. */
  #readAngle(): void {
    this.#at++
    this.#hasAngle = true
    while (this.#at < this.#text.length) {
      const character = this.#text[this.#at]!
      if (character === '"') {
        this.#address += `"${this.#readDelimited('"')}"`
        continue
      }
      this.#at++
      if (character === '>') return
      if (character === ':') this.#address = ''
      else if (!/\s/.test(character)) this.#address += character
    }
  }

  #readAtom(): string {
    const start = this.#at
    while (this.#at < this.#text.length && !/\s/.test(this.#text[this.#at]!)) {
      if (SPECIALS.includes(this.#text[this.#at]!)) break
      this.#at++
    }
    return this.#text.slice(start, this.#at)
  }

  /** What stands up to `end`, without backslashes and without the parentheses of comments inside comments. */
  #readDelimited(end: string): string {
    this.#at++
    let inside = ''
    for (let depth = 1; this.#at < this.#text.length; this.#at++) {
      const character = this.#text[this.#at]!
      if (character === '\\') inside += this.#text[++this.#at] ?? ''
      else if (character === '(' && end === ')') depth++
      else if (character !== end) inside += character
      else if (--depth === 0) {
        this.#at++
        break
      }
    }
    return inside
  }
}

/** The words of a name: apart, but for dots; quoted ones without their quotes. */
function joinPhrase(words: readonly string[]): string {
  let phrase = ''
  for (const word of words) {
    const text = word.startsWith('"') ? word.slice(1, -1) : word
    phrase += phrase === '' || word === '.' ? text : ` ${text}`
  }
  return phrase
}

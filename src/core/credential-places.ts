/**
 * Credentials by what stands around them: the userinfo of a URL, `user:password@host` in a sentence, the token after the name of a
 * scheme, a JSON Web Token, an element of markup, a part of a form, a pair in a list.
 */

import { isCredentialName, MAX_NAME_CHARS } from './credential-names.ts'
import { endOfText, type Found, indexFrom } from './credential-parameters.ts'

/** Finds all of these, and tells empty ones too. `isCut`: more of the text is to come. */
export function findPlaces(text: string, isCut: boolean, found: Found): void {
  if (text.includes('/') || text.includes('\\') || /https?:/i.test(text)) findUserinfo(text, isCut, found)
  if (text.includes('@')) findPasswords(text, found)
  findTokens(text, found)
  if (text.includes('<')) findElements(text, found)
  if (/name/i.test(text)) findParts(text, found)
  if (text.includes('[')) findPairs(text, found)
}

/** What an authority begins after; a URL of http needs no slashes, and may have more than two (WHATWG URL). */
const AUTHORITY = /\bhttps?:[/\\]*|[/\\]{2,}/gi
const AUTHORITY_END = /[/?#\s]/g
/** In the same line, and not in another URL. */
const NEXT_AT = /[@\n]|:\/\//g
/** `me:pa` of `http://me:pa/ss@host`: a host has no such port. */
const NO_PORT = /^[^[]*:(?![0-9]*$)/

/** What stands in front of the last @ of an authority; in a text that is cut, also an authority that has no end. */
function findUserinfo(text: string, isCut: boolean, found: Found): void {
  let next = -1
  let done = 0
  for (let at = indexFrom(AUTHORITY, text, 0); at < text.length; at = indexFrom(AUTHORITY, text, done)) {
    const start = AUTHORITY.lastIndex
    done = indexFrom(AUTHORITY_END, text, start)
    const authority = text.slice(start, done)
    const last = authority.lastIndexOf('@')
    if (isCut && done === text.length) found(start, done)
    else if (last >= 0) found(start, start + last)
    else if (NO_PORT.test(authority)) {
      if (next < done) next = indexFrom(NEXT_AT, text, done)
      if (text[next] !== '@') continue
      const end = indexFrom(AUTHORITY_END, text, next)
      found(start, text.lastIndexOf('@', end - 1))
      done = end
    }
  }
}

const COLON = /:/g
const PASSWORD_END = /[\s"'`<>/\\]/g
const USER_CHARACTER = /[^\s"'`<>()\\/,;&=|{}[\]?#:@]/
/** What is no user: `mailto:me@host`, `sha256:…@`, `npm:name@1`, and a host with its port. */
const NO_USER = /^(?:https?|mailto|sips?|acct|xmpp|im|tel|npm|node|jsr|workspace|patch|git|sha\d+|md5)$/i
const PORT_OF_URL = /^[0-9]{1,5}[?#]/

/** `user:password@host` without slashes in front of it. */
function findPasswords(text: string, found: Found): void {
  let end = -1
  let last = -1
  for (
    let colon = indexFrom(COLON, text, 0);
    colon < text.length;
    colon = indexFrom(COLON, text, colon + 1)
  ) {
    if (colon >= end) {
      end = indexFrom(PASSWORD_END, text, colon + 1)
      last = colon + 1 + text.slice(colon + 1, end).lastIndexOf('@')
    }
    if (last <= colon + 1 || !/[\w[]/.test(text[last + 1] ?? '')) continue
    let start = colon
    while (start > 0 && colon - start < MAX_NAME_CHARS && USER_CHARACTER.test(text[start - 1]!)) start--
    if (NO_USER.test(text.slice(start, colon)) || PORT_OF_URL.test(text.slice(colon + 1, colon + 7))) continue
    found(start, last)
    colon = last
  }
}

const SCHEME = /\b(?:bearer|basic|dpop|negotiate|ntlm)[ \t]+([\w.~+/-]{6,})/gi
/** `Basic authentication`, `Bearer realm="…"` */
const WORD = /^[A-Za-z]?[a-z-]+$/
const JWT = /(?<![\w-])eyJ[\w-]{8,}\.[\w.-]*/g

function findTokens(text: string, found: Found): void {
  for (const match of text.matchAll(SCHEME)) {
    const end = match.index + match[0].length
    if (!WORD.test(match[1]!)) found(end - match[1]!.length, indexFrom(/[^=]/g, text, end))
  }
  for (const { 0: token, index } of text.matchAll(JWT)) found(index, index + token.length)
}

/** Of so many names, elements that are not closed do not keep those of others from being masked whole. */
const MAX_UNCLOSED = 16
const ELEMENT = /<([\w:.-]{1,128})(?=[\s>])[^<>]*>/g

/** `<password>…</password>` */
function findElements(text: string, found: Found): void {
  const unclosed = new Set<string>()
  let done = 0
  for (const { 0: tag, 1: name, index } of text.matchAll(ELEMENT)) {
    const start = index + tag.length
    if (index < done || tag.at(-2) === '/' || !isCredentialName(name!)) continue
    // What is not closed is looked for once, and not for every name: that would take time in the square of the text.
    const mayClose = unclosed.size < MAX_UNCLOSED && !unclosed.has(name!)
    const close = mayClose ? text.indexOf(`</${name}`, start) : -1
    if (close < 0) unclosed.add(name!)
    done = close < 0 ? indexFrom(/[\r\n]/g, text, start) : close
    found(start, done)
  }
}

const DISPOSITION = /^content-disposition[ \t]*:.*$/gim
const BLANK_LINE = /\r?\n\r?\n/g

/** The parts of a form (RFC 7578). */
function findParts(text: string, found: Found): void {
  let done = 0
  for (const { 0: line, index } of text.matchAll(DISPOSITION)) {
    if (index < done) continue
    const name = /\bname\*?=(?:"([^"]*)|([^;\s]*))/i.exec(line)
    if (name === null || !isCredentialName((name[1] ?? name[2])!)) continue
    if (indexFrom(BLANK_LINE, text, index + line.length) === text.length) return
    const start = BLANK_LINE.lastIndex
    const boundary = text.indexOf('\n--', start - 1)
    done = boundary < 0 ? text.length : boundary
    found(start, text[done - 1] === '\r' ? done - 1 : done)
  }
}

const PAIR = /\[\s*(["'`])([^"'`\\\]]{1,128})\1\s*,\s*(?=["'`])/g

/** `["authorization", "…"]`, a pair alone: in a longer list it is one name among others. */
function findPairs(text: string, found: Found): void {
  for (const match of text.matchAll(PAIR)) {
    if (!isCredentialName(match[2]!)) continue
    const start = match.index + match[0].length
    const end = endOfText(text, start)
    if (end === text.length || text[indexFrom(/\S/g, text, end)] === ']') found(start, end)
  }
}

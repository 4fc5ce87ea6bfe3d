/** `--to fetch` and `--to undici`: the request as JavaScript. */

import { isUtf8 } from 'node:buffer'
import { isOf, type Recipe, type RecipeBody, unwritable } from './recipe.ts'

/** Of the fields that a connection is governed by, these have no word in either. */
const NEVER = /^(?:expect|keep-alive|transfer-encoding|upgrade)$/i
/** What fetch writes in capitals by itself, and what it refuses. */
const NORMALIZED = /^(?:delete|get|head|options|post|put)$/i
const FORBIDDEN = /^(?:connect|trace|track)$/i

/** With the fetch of Node 18 and newer. */
export function writeFetch(recipe: Recipe): string {
  const { method, body, follows } = recipe
  if (FORBIDDEN.test(method) || (NORMALIZED.test(method) && method !== method.toUpperCase()))
    throw unwritable(`fetch cannot send the method ${method}`)
  if (body !== undefined && (method === 'GET' || method === 'HEAD'))
    throw unwritable(`fetch sends no body with ${method}`)
  const url = urlOf(recipe, 'fetch')
  const members = [
    ...methodMember(method),
    ...headersMember(recipe, 'pairs'),
    ...bodyMember(body),
    ...(follows ? [] : [`redirect: 'manual'`]),
    ...signalMember(recipe),
  ]
  return [
    ...unsaidLines(recipe),
    ...fileImport(body),
    ...(body?.kind === 'file' ? [''] : []),
    `const response = await fetch(${quote(url)}${objectOf(members)})`,
    'console.log(response.status, await response.text())',
    '',
  ].join('\n')
}

/** With the `request` of undici. */
export function writeUndici(recipe: Recipe): string {
  const { method, body, follows, isInsecure } = recipe
  const url = urlOf(recipe, 'undici')
  const agent = `new Agent(${isInsecure ? '{ connect: { rejectUnauthorized: false } }' : ''})`
  const dispatcher = follows
    ? `${agent}.compose(interceptors.redirect({ maxRedirections: 50 }))`
    : isInsecure
      ? agent
      : undefined
  const members = [
    ...methodMember(method),
    ...headersMember(recipe, 'flat'),
    ...bodyMember(body),
    ...(dispatcher === undefined ? [] : [`dispatcher: ${dispatcher}`]),
    ...signalMember(recipe),
  ]
  const names = [
    ...(dispatcher === undefined ? [] : ['Agent']),
    ...(follows ? ['interceptors'] : []),
    'request',
  ]
  return [
    ...unsaidLines(recipe),
    ...fileImport(body),
    `import { ${names.join(', ')} } from 'undici'`,
    '',
    `const { statusCode, body } = await request(${quote(url)}${objectOf(members)})`,
    'console.log(statusCode, await body.text())',
    '',
  ].join('\n')
}

function unsaidLines({ unsaid }: Recipe): string[] {
  return unsaid.length === 0 ? [] : [`// Not said here: ${unsaid.join(', ')}.`]
}

/** Both read the URL as WHATWG has it: what that makes another path of is refused. */
function urlOf({ origin, target }: Recipe, language: string): string {
  const url = `${origin}${target}`
  const parsed = target.startsWith('/') ? new URL(url) : undefined
  if (parsed === undefined || decoded(`${parsed.pathname}${parsed.search}`) !== decoded(target))
    throw unwritable(`${language} cannot ask for ${target.split('?')[0]}`)
  return url
}

/** Another way of writing the same character is no other path. */
function decoded(target: string): string {
  return target.replace(/%[0-9a-f]{2}/gi, (one) => String.fromCharCode(Number.parseInt(one.slice(1), 16)))
}

function methodMember(method: string): string[] {
  return method === 'GET' ? [] : [`method: ${quote(method)}`]
}

/** A name that comes twice, or is none of an object (`__proto__`): fetch takes pairs, undici names and values in turn. */
function headersMember({ fields }: Recipe, repeated: 'flat' | 'pairs'): string[] {
  if (fields.length === 0) return []
  const refused = fields.find(
    ([name, value]) =>
      NEVER.test(name) ||
      // The fetch of Node leaves them out, and says nothing.
      (repeated === 'pairs' && (isOf(name, 'host') || isOf(name, '__proto__'))) ||
      (isOf(name, 'connection') && !/^(?:close|keep-alive)$/i.test(value)),
  )
  if (refused !== undefined)
    throw unwritable(`${repeated === 'flat' ? 'undici' : 'fetch'} cannot send ${refused[0]}`)
  const names = new Set(fields.map(([name]) => name.toLowerCase()))
  if (names.size === fields.length && !names.has('__proto__')) {
    const pairs = fields.map(([name, value]) => `${quote(name)}: ${valueOf(value)}`)
    return [`headers: ${listOf('{', pairs, '}')}`]
  }
  const pairs = fields.map(([name, value]) => `${quote(name)}, ${valueOf(value)}`)
  return [`headers: ${listOf('[', repeated === 'flat' ? pairs : pairs.map((pair) => `[${pair}]`), ']')}`]
}

/** Several stand below each other. */
function listOf(open: string, members: readonly string[], close: string): string {
  if (members.length === 1) return open === '{' ? `{ ${members[0]} }` : `${open}${members[0]}${close}`
  return `${open}\n${members.map((member) => `    ${member},\n`).join('')}  ${close}`
}

/** Without a Content-Type of its own: that of a string would be text/plain. */
function bodyMember(body: RecipeBody | undefined): string[] {
  if (body === undefined) return []
  if (body.kind === 'text') return [`body: Buffer.from(${quote(body.text)})`]
  if (body.kind === 'file') return [`body: await readFile(${quote(body.path)})`]
  return [`body: Buffer.from(${quote(body.bytes.toString('base64'))}, 'base64')`]
}

function fileImport(body: RecipeBody | undefined): string[] {
  return body?.kind === 'file' ? [`import { readFile } from 'node:fs/promises'`] : []
}

function signalMember({ timeoutSeconds }: Recipe): string[] {
  if (timeoutSeconds === undefined) return []
  return [`signal: AbortSignal.timeout(${Math.round(timeoutSeconds * 1_000)})`]
}

function objectOf(members: readonly string[]): string {
  return members.length === 0 ? '' : `, {\n${members.map((member) => `  ${member},\n`).join('')}}`
}

/** The bytes of UTF-8 as the text that they are, where they are. */
function valueOf(value: string): string {
  const bytes = Buffer.from(value, 'latin1')
  const isAscii = /^[\u0000-\u007f]*$/.test(value)
  return isAscii || !isUtf8(bytes)
    ? quote(value)
    : `Buffer.from(${quote(bytes.toString())}).toString('latin1')`
}

/** A string of JavaScript; Python reads it alike. */
export function quote(text: string): string {
  const escaped = text.replace(/[\\']/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\r', '\\r')
  return `'${escaped.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\ufeff]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`)}'`
}

/** `--to python`: the request as Python, with its own http.client. */

import { isUtf8 } from 'node:buffer'
import { quote } from './code-javascript.ts'
import { isOf, type Recipe, type RecipeBody, unwritable } from './recipe.ts'

/** For Python 3. */
export function writePython(recipe: Recipe): string {
  const { origin, isSecure, isInsecure, timeoutSeconds, body, unsaid, follows } = recipe
  if (recipe.fields.some(([name]) => isOf(name, 'transfer-encoding')))
    throw unwritable('http.client frames the body by itself, without a Transfer-Encoding')
  const isUnverified = isSecure && isInsecure
  const modules = [
    ...(body?.kind === 'bytes' ? ['base64'] : []),
    'http.client',
    ...(isUnverified ? ['ssl'] : []),
  ]
  const place = [
    quote(new URL(origin).host),
    ...(timeoutSeconds === undefined ? [] : [`timeout=${timeoutSeconds}`]),
    ...(isUnverified ? ['context=ssl._create_unverified_context()'] : []),
  ]
  return [
    ...(unsaid.length === 0 ? [] : [`# Not said here: ${unsaid.join(', ')}.`]),
    ...modules.map((name) => `import ${name}`),
    '',
    `connection = http.client.${isSecure ? 'HTTPSConnection' : 'HTTPConnection'}(${place.join(', ')})`,
    ...requestLines(recipe),
    ...(follows ? ['# http.client follows no redirects: look at the Location of a 3xx.'] : []),
    'response = connection.getresponse()',
    "print(response.status, response.read().decode(errors='replace'))",
    '',
  ].join('\n')
}

/** A dictionary has each name once: with more, the head is written line by line. */
function requestLines({ method, target, fields, body }: Recipe): string[] {
  const names = fields.map(([name]) => name.toLowerCase())
  const content = body === undefined ? 'None' : contentOf(body)
  if (new Set(names).size === names.length) {
    const pairs = fields.map(([name, value]) => `${quote(name)}: ${valueOf(value)}`)
    const headers = pairs.length < 2 ? pairs.join('') : `\n${pairs.map((pair) => `    ${pair},\n`).join('')}`
    return [`connection.request(${quote(method)}, ${quote(target)}, ${content}, {${headers}})`]
  }
  const skips = [
    ...(names.includes('host') ? ['skip_host=True'] : []),
    ...(names.includes('accept-encoding') ? ['skip_accept_encoding=True'] : []),
  ]
  return [
    `content = ${content}`,
    `connection.putrequest(${[quote(method), quote(target), ...skips].join(', ')})`,
    ...fields.map(([name, value]) => `connection.putheader(${quote(name)}, ${valueOf(value)})`),
    ...(body === undefined ? [] : [`connection.putheader('Content-Length', str(len(content)))`]),
    'connection.endheaders(content)',
  ]
}

function contentOf(body: RecipeBody): string {
  if (body.kind === 'text') return `${quote(body.text)}.encode()`
  if (body.kind === 'file') return `open(${quote(body.path)}, 'rb').read()`
  return `base64.b64decode(${quote(body.bytes.toString('base64'))})`
}

/** The bytes of UTF-8 as the text that they are, where they are; http.client writes others in Latin-1. */
function valueOf(value: string): string {
  const bytes = Buffer.from(value, 'latin1')
  const isAscii = /^[\u0000-\u007f]*$/.test(value)
  return isAscii || !isUtf8(bytes) ? quote(value) : `${quote(bytes.toString())}.encode()`
}

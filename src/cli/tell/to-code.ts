/**
 * `--to`: the request as code, for fetch, undici, Python or curl. Nothing is sent. What is in it are the words of the command,
 * credentials among them: it is to be run.
 */

import { readFile } from 'node:fs/promises'
import type { FieldLine } from '../../core/fields.ts'
import type { Plan } from '../transfer/plan.ts'
import { usageFailure } from './failure.ts'

/** What the code has to say. */
export interface Recipe {
  readonly method: string
  readonly url: string
  readonly fields: readonly FieldLine[]
  readonly body:
    | { readonly kind: 'text'; readonly text: string }
    | { readonly kind: 'file'; readonly path: string }
    | undefined
  readonly follows: boolean
  readonly isInsecure: boolean
  readonly timeoutSeconds: number | undefined
}

/** How it is written in each language. */
const WRITERS: Readonly<Record<string, (recipe: Recipe) => string>> = {
  fetch: writeFetch,
  undici: writeUndici,
  python: writePython,
  curl: writeCurl,
}

/**
 * The code.
 * @throws CommandFailure of `usage` for another language, or a body that cannot be written down
 */
export async function writeCode(language: string, plan: Plan): Promise<string> {
  if (!Object.hasOwn(WRITERS, language))
    throw usageFailure(`--to knows no ${language}`, `--to ${Object.keys(WRITERS).join(', --to ')}`)
  return WRITERS[language]!(await recipeOf(plan))
}

async function recipeOf(plan: Plan): Promise<Recipe> {
  const { options, target, method } = plan
  const said = plan.fields.filter(([name, value]) => !isOwnDefault(name, value, options.userAgent))
  const type = plan.body?.contentType
  const isTyped = said.some(([name]) => name.toLowerCase() === 'content-type')
  return {
    method,
    url: `${target.url.origin}${target.path}`,
    fields: type === undefined || isTyped ? said : [...said, ['Content-Type', type]],
    body: await bodyOf(plan),
    follows: options.location === true || options.locationTrusted === true,
    isInsecure: options.insecure === true,
    timeoutSeconds: options.maxTime,
  }
}

/** What the command adds by itself, and the code need not. */
function isOwnDefault(name: string, value: string, userAgent: string | undefined): boolean {
  if (name === 'Accept' && value === '*/*') return true
  return name === 'User-Agent' && userAgent === undefined && value.startsWith('httplib/')
}

async function bodyOf({ body, options }: Plan): Promise<Recipe['body']> {
  if (body === undefined) return undefined
  const [upload] = options.uploadFile ?? []
  if (upload !== undefined && upload !== '-' && upload !== '.') return { kind: 'file', path: upload }
  if (options.form === undefined && body.content instanceof Uint8Array && !body.content.includes(0))
    return { kind: 'text', text: body.content.toString() }
  const [data, ...more] = options.data ?? []
  if (data !== undefined && more.length === 0 && /^@[^-]/.test(data.text)) {
    const bytes = await readFile(data.text.slice(1))
    return bytes.includes(0)
      ? { kind: 'file', path: data.text.slice(1) }
      : { kind: 'text', text: bytes.toString() }
  }
  throw usageFailure('--to cannot write this body down', '-d or -T with a text or a file')
}

function writeFetch({ method, url, fields, body, follows, timeoutSeconds }: Recipe): string {
  const members = [
    ...(method === 'GET' ? [] : [`method: ${quote(method)}`]),
    ...headersMember(fields),
    ...(body === undefined
      ? []
      : [`body: ${body.kind === 'text' ? quote(body.text) : `await readFile(${quote(body.path)})`}`]),
    ...(follows ? [] : [`redirect: 'manual'`]),
    ...(timeoutSeconds === undefined
      ? []
      : [`signal: AbortSignal.timeout(${Math.round(timeoutSeconds * 1_000)})`]),
  ]
  const imports = body?.kind === 'file' ? `import { readFile } from 'node:fs/promises'\n\n` : ''
  return `${imports}const response = await fetch(${quote(url)}${objectOf(members)})\nconsole.log(response.status, await response.text())\n`
}

function writeUndici({ method, url, fields, body, timeoutSeconds, follows }: Recipe): string {
  const members = [
    ...(method === 'GET' ? [] : [`method: ${quote(method)}`]),
    ...headersMember(fields),
    ...(body === undefined
      ? []
      : [`body: ${body.kind === 'text' ? quote(body.text) : `createReadStream(${quote(body.path)})`}`]),
    ...(follows ? [`dispatcher: new Agent().compose(interceptors.redirect({ maxRedirections: 20 }))`] : []),
    ...(timeoutSeconds === undefined
      ? []
      : [`signal: AbortSignal.timeout(${Math.round(timeoutSeconds * 1_000)})`]),
  ]
  const names = follows ? 'Agent, interceptors, request' : 'request'
  const files = body?.kind === 'file' ? `import { createReadStream } from 'node:fs'\n` : ''
  return `${files}import { ${names} } from 'undici'\n\nconst { statusCode, body } = await request(${quote(url)}${objectOf(members)})\nconsole.log(statusCode, await body.text())\n`
}

function headersMember(fields: readonly FieldLine[]): string[] {
  if (fields.length === 0) return []
  const names = fields.map(([name]) => name.toLowerCase())
  const isOnce = new Set(names).size === names.length
  const pairs = fields.map(([name, value]) =>
    isOnce ? `${quote(name)}: ${quote(value)}` : `[${quote(name)}, ${quote(value)}]`,
  )
  return [isOnce ? `headers: { ${pairs.join(', ')} }` : `headers: [${pairs.join(', ')}]`]
}

function objectOf(members: readonly string[]): string {
  return members.length === 0 ? '' : `, {\n${members.map((member) => `  ${member},\n`).join('')}}`
}

function writePython({ method, url, fields, body, isInsecure, timeoutSeconds, follows }: Recipe): string {
  const { protocol, host, pathname, search } = new URL(url)
  const target = url.slice(url.indexOf(host) + host.length) || `${pathname}${search}`
  const isSecure = protocol === 'https:'
  const options = [
    ...(timeoutSeconds === undefined ? [] : [`timeout=${timeoutSeconds}`]),
    ...(isSecure && isInsecure ? ['context=ssl._create_unverified_context()'] : []),
  ]
  const imports = ['http.client', ...(isSecure && isInsecure ? ['ssl'] : [])]
    .map((name) => `import ${name}\n`)
    .join('')
  const written =
    body === undefined
      ? 'None'
      : body.kind === 'text'
        ? `${pythonText(body.text)}.encode()`
        : `open(${pythonText(body.path)}, 'rb').read()`
  const headers = fields.map(([name, value]) => `${pythonText(name)}: ${pythonText(value)}`).join(', ')
  const note = follows ? '# http.client follows no redirects: look at the Location of a 3xx.\n' : ''
  return `${imports}
connection = http.client.${isSecure ? 'HTTPSConnection' : 'HTTPConnection'}(${[pythonText(host), ...options].join(', ')})
connection.request(${pythonText(method)}, ${pythonText(target)}, ${written}, {${headers}})
${note}response = connection.getresponse()
print(response.status, response.read().decode())
`
}

function writeCurl({ method, url, fields, body, follows, isInsecure, timeoutSeconds }: Recipe): string {
  const implied = body === undefined ? 'GET' : body.kind === 'text' ? 'POST' : 'PUT'
  const words = [
    'curl',
    ...(follows ? ['-L'] : []),
    ...(isInsecure ? ['-k'] : []),
    ...(timeoutSeconds === undefined ? [] : ['-m', String(timeoutSeconds)]),
    ...(method === implied ? [] : method === 'HEAD' ? ['-I'] : ['-X', method]),
    ...fields.flatMap(([name, value]) => ['-H', value === '' ? `${name};` : `${name}: ${value}`]),
    ...(body === undefined ? [] : body.kind === 'text' ? ['--data-raw', body.text] : ['-T', body.path]),
    url,
  ]
  return `${words.map(shellWord).join(' ')}\n`
}

/** A string of JavaScript. */
function quote(text: string): string {
  const escaped = text.replace(/[\\']/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\r', '\\r')
  return `'${escaped.replace(/[\u0000-\u001f\u2028\u2029]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`)}'`
}

/** The same of Python: its escapes are those of JavaScript, as far as they are used. */
function pythonText(text: string): string {
  return quote(text)
}

/** A word of the shell. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}

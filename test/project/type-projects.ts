// What users compile against the package: a program of each kind that imports it, and the projects that compile them, as data. The
// gate compiles them with the TypeScript of today, `npm run compilers` with older ones.

import { mkdtempSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { repositoryPath } from '../support/repository.ts'

export interface Project {
  readonly title: (version: string) => string
  readonly name: string
  readonly module: string
  readonly files: readonly string[]
  readonly nodeTypes: string
  readonly lib: readonly string[]
}

const consumer = `
import { Client, type ClientRequestOptions, HTTPConnection, HTTPSConnection, type HTTPResponse, HTTPException, request, status, type Timeouts } from 'httplib-ts'
import { type ReceivedEvent, H1Engine } from 'httplib-ts/h1'
import * as python from 'httplib-ts/python'

export async function get(host: string): Promise<number> {
  const timeout: Timeouts = { connect: 5_000 }
  const connection: HTTPConnection = new HTTPSConnection(host, 443, { timeout })
  await connection.request('GET', '/', undefined, { Accept: '*/*' })
  const response: HTTPResponse = await connection.getResponse()
  for await (const piece of response) if (piece.length > 1_000) break
  connection.close()
  return response.status === status.OK ? 0 : response.status
}

export class OwnError extends HTTPException {}
export const old: typeof HTTPConnection | undefined = undefined
export const engine: H1Engine = new H1Engine('client')
export const event: ReceivedEvent = engine.nextEvent()
export const isOurs: (error: unknown) => boolean = (error) => error instanceof HTTPException && error.code === 'DNS_FAILED'
export const session: python.HTTPConnection = new python.HTTPConnection('www.python.org')
export const caught = (error: unknown): string | undefined => error instanceof python.BadStatusLine ? error.line : undefined

interface Search { q: string; page?: number; tags?: readonly string[]; since: Date | null }
interface Wrong { q: { nested: string } }
interface WrongList { tags: readonly symbol[] }
export async function search(client: Client, asked: Search, wrong: Wrong, list: WrongList): Promise<void> {
  await client.get('/', { query: asked }).json<Search>()
  await client.post('/', { form: asked, query: { a: [1, true, null], b: undefined } })
  await client.get('/', { query: [['a', 1], ['b', undefined]] })
  await client.get('/', { query: new URLSearchParams('a=b'), headers: { Accept: 'a/b' } })
  await client.post('/', { form: new Map([['a', 1]]) })
  await request('http://a.test/', { method: 'PUT', query: asked, form: asked })
  client.explain('/', { query: asked })
  const options: ClientRequestOptions = { query: { a: 1 } }
  await client.delete('/', options)
  const typed: ClientRequestOptions<Search> = { query: asked }
  await client.head('/', typed)
  new Client({ query: asked }).extend({ query: asked, baseUrl: 'http://a.test/' })
  const lazy = new Client({ query: { a: 1 }, onInformational: () => void lazy.extend({ query: asked }) })
  // @ts-expect-error of a client, too, a query is no text
  new Client({ query: 'a=b' })
  // @ts-expect-error an object is no value
  await client.get('/', { query: wrong })
  // @ts-expect-error nor is a symbol, in a list
  await client.get('/', { query: list })
  // @ts-expect-error of a form neither
  await client.post('/', { form: wrong })
  // @ts-expect-error written at once
  await client.get('/', { query: { a: { b: 1 } } })
  // @ts-expect-error a query is no text
  await client.get('/', { query: 'a=b' })
  // @ts-expect-error nor a number
  await request('http://a.test/', { query: 5 })
  // @ts-expect-error a function
  await client.get('/', { query: { a: () => 1 } })
  // @ts-expect-error a misspelt option
  await client.get('/', { qery: asked })
}
// @ts-expect-error a port is a number
export const wrong: HTTPConnection = new HTTPConnection('www.python.org', '80')
`

const fetchConsumer = `
import { Client } from 'httplib-ts'
import { createFetch, type Fetch, type FetchInit, type FetchResponse, fetch, install } from 'httplib-ts/fetch'

export const toGlobal: typeof globalThis.fetch = fetch
export const fromGlobal: Fetch = globalThis.fetch
export const made: typeof globalThis.fetch = createFetch(new Client())
export const undo: () => void = install()
globalThis.fetch = fetch

export async function read(url: string, signal: AbortSignal): Promise<unknown> {
  const init: RequestInit = { method: 'POST', body: new URLSearchParams({ a: 'b' }), headers: new Headers(), signal }
  const response: Response = await fetch(url, init)
  const more: FetchInit = { ...init, client: new Client(), onInformational: ({ status }) => void status }
  const ours: FetchResponse = await fetch(new URL(url), more)
  const trailers: Headers | undefined = await ours.trailers
  const head: number | undefined = ours.timings?.headers
  await fetch(new Request(url))
  const options: { fetch?: typeof globalThis.fetch } = { fetch }
  // @ts-expect-error a method is text
  await fetch(url, { method: 5 })
  return [await response.json(), response.body?.getReader(), trailers?.get('x'), head, options]
}
`

/** What is compiled: its title for a compiler, its files, and which declarations of the platform's classes it has. */
export const PROJECTS: readonly Project[] = [
  ...['node16', 'nodenext'].map((module) => ({
    title: (version: string) =>
      `are found by TypeScript ${version} with module ${module}, from a module and from CommonJS`,
    name: module,
    module,
    files: ['consumer.mts', 'consumer.cts'],
    nodeTypes: '@types/node',
    lib: [],
  })),
  ...(
    [
      ['@types/node 20', '@types/node', []],
      ['@types/node 22', 'types-node-22', []],
      ['@types/node 24', 'types-node-24', []],
      ['@types/node 20 and the DOM', '@types/node', ['dom', 'dom.iterable']],
    ] as const
  ).map(([types, nodeTypes, lib]) => ({
    title: (version: string) =>
      `of fetch go to and from those of the global one: TypeScript ${version}, ${types}`,
    name: types.replaceAll(/\W+/g, '-'),
    module: 'nodenext',
    files: ['fetch.mts', 'fetch.cts'],
    nodeTypes,
    lib,
  })),
]
/** The configuration of one, in the folder of the project that has the package. */
export function configOf(project: string, { name }: Project): string {
  return path.join(project, `tsconfig.${name}.json`)
}

/** Writes the programs and the configurations. */
export function writeProjects(project: string): void {
  for (const end of ['mts', 'cts']) {
    writeFileSync(path.join(project, `consumer.${end}`), consumer)
    writeFileSync(path.join(project, `fetch.${end}`), fetchConsumer)
  }
  for (const one of PROJECTS) {
    const place = mkdtempSync(path.join(project, 'types-'))
    symlinkSync(repositoryPath('node_modules', one.nodeTypes), path.join(place, 'node'))
    const compilerOptions = {
      module: one.module,
      target: 'es2022',
      lib: ['es2022', 'esnext.disposable', ...one.lib],
      typeRoots: [place],
      types: ['node'],
      noEmit: true,
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
    }
    writeFileSync(configOf(project, one), JSON.stringify({ compilerOptions, files: one.files }))
  }
}

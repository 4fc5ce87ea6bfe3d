// Gives each case to this library and to curl, and judges what both answer by the verifier of the tests. What they differ in has to
// be explained by a class.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Client } from '../../../src/index.ts'
import { verifyDigest } from '../../support/digest-verifier.ts'
import type { AuthCase } from './generate.ts'

/** What a client has answered: its parameters, and what the verifier finds wrong. */
interface Answer {
  readonly fault: string | undefined
  readonly params: Readonly<Record<string, string>>
}

/** What was found. */
export interface Verdict {
  readonly cases: number
  readonly differing: number
  /** How often each class explains a difference. */
  readonly classes: Readonly<Record<string, number>>
  /** What this library answers wrongly, and differences that no class explains. */
  readonly faults: readonly string[]
}

/** Why curl answers otherwise. The first that fits. */
const CLASSES: Readonly<Record<string, (one: AuthCase, curl: Answer | undefined) => boolean>> = {
  // Its answer would have a cnonce without a qop, which RFC 2617 does not know. Servers that ask so can do with it.
  'curl does not answer a -sess without qop': ({ algorithm, qop }, curl) =>
    algorithm?.toLowerCase().endsWith('-sess') === true && qop === undefined && curl === undefined,
  // RFC 7616 §3.4: curl has no username*.
  'curl sends the bytes of a name that is not ASCII where the server knows UTF-8': ({
    user,
    isUtf8,
    userhash,
  }) => isUtf8 && !userhash && /[^ -~]/.test(user),
  // Without Digest it asks for `/?`, as it is written.
  'curl asks with Digest for a URL without its empty query': ({ path }, curl) =>
    path === '?' && curl?.fault === undefined && curl?.params['uri']?.endsWith('?') === false,
}

/** What an answer is compared by: all that is not drawn. */
const COMPARED = [
  'username',
  'username*',
  'realm',
  'nonce',
  'uri',
  'algorithm',
  'opaque',
  'qop',
  'nc',
  'userhash',
] as const

/** Runs all of them. */
export async function runCases(cases: readonly AuthCase[]): Promise<Verdict> {
  const answers = { ours: new Map<number, Answer>(), curl: new Map<number, Answer>() }
  const server = serve(cases, answers)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  try {
    await askOurs(cases, origin)
    await askCurl(cases, origin)
  } finally {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  }
  return judge(cases, answers)
}

interface Answers {
  readonly ours: Map<number, Answer>
  readonly curl: Map<number, Answer>
}

/** `/ours/N…` and `/curl/N…`: asks for N's challenge, and notes what is answered. */
function serve(cases: readonly AuthCase[], answers: Answers): Server {
  return createServer((request, response) => {
    const { method = '', url: uri = '', headers } = request
    const [, who, number] = /^\/(ours|curl)\/(\d+)/.exec(uri) ?? []
    const one = cases[Number(number)]!
    if (headers.authorization === undefined) {
      response.writeHead(401, { 'WWW-Authenticate': one.challenge }).end()
      return
    }
    const account = { ...one, algorithm: canonical(one.algorithm) }
    const text = headers.authorization.replace(
      /algorithm=([^,]*)/,
      (_, name: string) => `algorithm=${canonical(name)}`,
    )
    const { fault, params } = verifyDigest(text, account, { method, uri, body: Buffer.alloc(0) })
    answers[who as keyof Answers].set(Number(number), { fault, params: Object.fromEntries(params) })
    response.end('welcome')
  })
}

/** The letters that the verifier knows. */
function canonical(algorithm: string | undefined): string | undefined {
  return algorithm?.toUpperCase().replace(/-SESS$/, '-sess')
}

async function askOurs(cases: readonly AuthCase[], origin: string): Promise<void> {
  for (const { number, user, password, method, path } of cases) {
    const client = new Client({ auth: { digest: [user, password] } })
    const response = await client.request(`${origin}/ours/${number}${path}`, { method })
    await response.text()
    await client.close()
  }
}

const CASES_A_PROCESS = 200

/** A value of a configuration file of curl. */
function quote(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`
}

async function askCurl(cases: readonly AuthCase[], origin: string): Promise<void> {
  for (let first = 0; first < cases.length; first += CASES_A_PROCESS) {
    const config = cases
      .slice(first, first + CASES_A_PROCESS)
      .map(({ number, user, password, method, path }) => {
        const url = new URL(`${origin}/curl/${number}${path}`).href
        return [
          `url = ${quote(url)}`,
          `user = ${quote(`${user}:${password}`)}`,
          'digest',
          'silent',
          'globoff',
          'output = "/dev/null"',
          ...(method === 'HEAD' ? ['head'] : []),
          '',
        ].join('\n')
      })
    const child = spawn('curl', ['-q', '-K', '-'], { stdio: ['pipe', 'ignore', 'ignore'] })
    child.stdin.end(config.join('next\n'))
    await once(child, 'close')
  }
}

function judge(cases: readonly AuthCase[], { ours, curl }: Answers): Verdict {
  const classes: Record<string, number> = {}
  const faults: string[] = []
  let differing = 0
  for (const one of cases) {
    const [mine, other] = [ours.get(one.number), curl.get(one.number)]
    const name = `case ${one.number}: ${one.challenge} for ${JSON.stringify(one.user)}`
    if (mine === undefined || mine.fault !== undefined) faults.push(`${name}: ${mine?.fault ?? 'no answer'}`)
    const differences = COMPARED.filter(
      (param) => mine?.params[param] !== other?.params[param]?.replace(/^\/curl\//, '/ours/'),
    )
    if (differences.length === 0 && other?.fault === undefined) continue
    differing++
    const found = Object.entries(CLASSES).find(([, fits]) => fits(one, other))
    if (found !== undefined) classes[found[0]] = (classes[found[0]] ?? 0) + 1
    else faults.push(`${name}: differs in ${differences.join(', ')}; of curl: ${other?.fault ?? 'right'}`)
  }
  return { cases: cases.length, differing, classes, faults }
}

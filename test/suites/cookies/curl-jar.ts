// What curl sends for sequences of requests: processes that take many sequences each, from a configuration on standard input,
// with a server here that sets what the steps say and keeps what it was asked with.

import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { server as certificate } from '../../support/tls-fixture.ts'
import type { Sequence } from './sequences.ts'

const SEQUENCES_A_PROCESS = 25

/** The version of curl; undefined where there is none, or it has no list of public suffixes. */
export function curlVersion(): string | undefined {
  const { status, stdout } = spawnSync('curl', ['--version'], { encoding: 'utf8' })
  return status === 0 && stdout.includes('PSL') ? /^curl (\S+)/.exec(stdout)?.[1] : undefined
}

/** The Cookie field of each step of each sequence; undefined for none. */
export async function askCurl(sequences: readonly Sequence[]): Promise<(string | undefined)[][]> {
  const sent = new Map<string, string | undefined>()
  const byId = new Map(sequences.map((sequence) => [String(sequence.id), sequence]))
  const listener: RequestListener = (request, response) => {
    const query = new URLSearchParams(request.url?.split('?')[1])
    const [id, step] = [query.get('sequence')!, query.get('step')!]
    sent.set(`${id} ${step}`, request.headers.cookie)
    const fields = byId.get(id)!.steps[Number(step)]!.setCookies
    response.writeHead(200, { 'Set-Cookie': [...fields], 'Content-Length': 0 }).end()
  }
  const servers = { http: createServer(listener), https: createTlsServer(certificate, listener) }
  for (const server of Object.values(servers)) {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
  }
  const portOf = (scheme: keyof typeof servers): number => (servers[scheme].address() as AddressInfo).port
  try {
    for (let first = 0; first < sequences.length; first += SEQUENCES_A_PROCESS) {
      const urls = sequences.slice(first, first + SEQUENCES_A_PROCESS).flatMap(({ id, steps }) =>
        steps.map(({ scheme, host, path }, step) => {
          return `url = "${scheme}://${host}:${portOf(scheme)}${path}?sequence=${id}&step=${step}"`
        }),
      )
      await run(urls)
    }
  } finally {
    for (const server of Object.values(servers)) {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    }
  }
  return sequences.map(({ id, steps }) => steps.map((_, step) => sent.get(`${id} ${step}`)))
}

async function run(urls: readonly string[]): Promise<void> {
  // `-b ""` reads no file, and keeps cookies from one URL to the next.
  const words = ['-q', '-sS', '-k', '-g', '--path-as-is', '--connect-to', '::127.0.0.1:', '-b', '', '-K', '-']
  const curl = spawn('curl', words, { stdio: ['pipe', 'ignore', 'pipe'] })
  let said = ''
  curl.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  curl.stdin.end(urls.join('\n'))
  const [code] = (await once(curl, 'close')) as [number]
  if (code !== 0) throw new Error(`curl ended with ${code}: ${said}`)
}

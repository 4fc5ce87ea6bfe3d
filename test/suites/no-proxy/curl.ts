// What curl decides: one process for many cases. Every direct way leads to a server here (`connect-to`), which answers 200;
// the proxy refuses.

import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import type { NoProxyCase } from './generate.ts'

/** The version of curl; undefined where there is none. */
export function findCurl(): string | undefined {
  const { status, stdout } = spawnSync('curl', ['--version'], { encoding: 'utf8' })
  return status === 0 ? /^curl (\S+)/.exec(stdout)?.[1] : undefined
}

/** Whether curl goes directly, case by case; undefined for a URL that it does not take. */
export async function askCurl(cases: readonly NoProxyCase[]): Promise<(boolean | undefined)[]> {
  const proxy = http.createServer((_request, response) => response.writeHead(403).end())
  proxy.on('connect', (_request, socket) => socket.end('HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n'))
  const server = http.createServer((_request, response) => response.end())
  const ports: number[] = []
  for (const one of [proxy, server]) {
    one.listen(0, '127.0.0.1')
    await once(one, 'listening')
    ports.push((one.address() as AddressInfo).port)
  }
  try {
    const configs = cases.map(({ list, url }) => configOf(list, url, ports[0]!, ports[1]!))
    const lines = (await run(configs.join('next\n'))).trim().split('\n')
    return lines.map((line) => {
      const [status, connect] = line.split(' ')
      if (status === '200') return true
      return status === '403' || connect === '403' ? false : undefined
    })
  } finally {
    for (const one of [proxy, server]) {
      one.closeAllConnections()
      one.close()
      await once(one, 'close')
    }
  }
}

function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`
}

function configOf(list: string, url: string, proxy: number, server: number): string {
  return [
    `url = ${quoted(url)}`,
    'globoff',
    'silent',
    `proxy = "http://127.0.0.1:${proxy}"`,
    `noproxy = ${quoted(list)}`,
    `connect-to = "::127.0.0.1:${server}"`,
    'output = /dev/null',
    'max-time = 10',
    'write-out = "%{response_code} %{http_connect}\\n"',
    '',
  ].join('\n')
}

async function run(config: string): Promise<string> {
  const child = spawn('curl', ['-q', '-K', '-'], { stdio: ['pipe', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.on('data', (bytes: Buffer) => {
    output += bytes.toString()
  })
  child.stdin.end(config)
  await once(child, 'close')
  return output
}

// `node:http` as a client of a differential run: its strict parser, an agent for each case that keeps one connection.

import http from 'node:http'
import type { Case } from './cases.ts'
import { type Client, type Field, firstPath, type Report, SECOND_BODY, secondPath } from './outcome.ts'
import { inParallel } from './parallel.ts'

const PARALLEL = 32

export const nodeHTTP: Client = {
  name: 'node:http',
  version: process.versions.node,
  run: (cases, port) => inParallel(PARALLEL, cases, (testCase, number) => ask(testCase, number, port)),
}

async function ask({ method, closes }: Case, number: number, port: number): Promise<Report> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
  try {
    const report = await exchange(agent, method, firstPath(number), port)
    if (report.verdict !== 'complete' || closes) return report
    const second = await exchange(agent, 'GET', secondPath(number), port)
    const secondIsRight =
      second.verdict === 'complete' ? second.body?.toString('latin1') === SECOND_BODY : undefined
    return { ...report, secondIsRight }
  } finally {
    agent.destroy()
  }
}

function exchange(agent: http.Agent, method: string, path: string, port: number): Promise<Report> {
  return new Promise((resolve, reject) => {
    const informational: number[] = []
    const request = http.request({ agent, method, path, host: '127.0.0.1', port, insecureHTTPParser: false })
    const fail = ({ code = '', message }: NodeJS.ErrnoException): void => {
      if (code !== 'ECONNRESET' && !code.startsWith('HPE_'))
        reject(new Error(`node:http: ${code} ${message}`))
      else resolve({ verdict: 'refused', error: code })
    }
    request.on('error', fail)
    request.on('information', ({ statusCode }) => informational.push(statusCode))
    request.on('upgrade', (response, socket) => {
      socket.destroy()
      resolve({ ...describe(response), informational, body: Buffer.alloc(0), trailers: [] })
    })
    request.on('response', (response) => {
      const pieces: Buffer[] = []
      response.on('data', (bytes: Buffer) => pieces.push(bytes))
      response.on('error', fail)
      response.on('end', () => {
        const trailers = inPairs(response.rawTrailers)
        const whole: Report = { ...describe(response), informational, body: Buffer.concat(pieces), trailers }
        // In the next turn the agent has decided on the connection.
        setImmediate(() => resolve(whole))
      })
    })
    request.end()
  })
}

function describe(response: http.IncomingMessage): Report {
  return {
    verdict: 'complete',
    version: response.httpVersion === '1.0' ? 10 : 11,
    status: response.statusCode,
    reason: response.statusMessage,
    fields: inPairs(response.rawHeaders),
  }
}

function inPairs(flat: readonly string[]): Field[] {
  return flat.flatMap((name, index) => (index % 2 === 0 ? [[name, flat[index + 1]!] as const] : []))
}

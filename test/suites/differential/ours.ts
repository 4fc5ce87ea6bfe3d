// This package as a client of a differential run: HTTPConnection with its defaults.

import { HTTPConnection, type HTTPResponse, RemoteProtocolError } from '../../../src/index.ts'
import type { Case } from './cases.ts'
import { type Client, firstPath, type Report, SECOND_BODY, secondPath } from './outcome.ts'
import { inParallel } from './parallel.ts'

const PARALLEL = 32

export const ours: Client = {
  name: 'httplib',
  version: '',
  run: (cases, port) => inParallel(PARALLEL, cases, (testCase, number) => ask(testCase, number, port)),
}

async function ask({ method, closes }: Case, number: number, port: number): Promise<Report> {
  await using connection = new HTTPConnection('127.0.0.1', port)
  let response: HTTPResponse
  let body: Buffer
  try {
    await connection.request(method, firstPath(number))
    response = await connection.getResponse()
    body = await response.read()
  } catch (error) {
    return describeFailure(error)
  }
  return {
    verdict: 'complete',
    version: response.version === 10 ? 10 : 11,
    status: response.status,
    reason: response.reason,
    fields: response.rawHeaders,
    body,
    trailers: [...response.trailers],
    informational: response.informational.map(({ status }) => status),
    secondIsRight: closes ? undefined : await askAgain(connection, number),
  }
}

async function askAgain(connection: HTTPConnection, number: number): Promise<boolean> {
  await connection.request('GET', secondPath(number))
  const response = await connection.getResponse()
  return (await response.text()) === SECOND_BODY
}

/** Anything but the peer's error, a timeout or a lost connection, is no answer to bytes on loopback. */
function describeFailure(error: unknown): Report {
  if (!(error instanceof RemoteProtocolError)) throw error
  return { verdict: 'refused', error: error.code }
}

/** `HTTPConnection` and `HTTPSConnection` by their three verbs: request, getResponse, read. */

import { HTTPConnection, type HTTPResponse, HTTPSConnection } from 'httplib-ts'
import {
  type Contender,
  countPieces,
  fixedBody,
  ownVersion,
  pieces,
  type Session,
  type Take,
  type Target,
} from '../contender.ts'
import type { Workload } from '../workloads.ts'

/** With `readInto` a body that is taken piece by piece lands in one buffer; without, it is iterated. */
export function httpConnection(way: 'iterate' | 'readInto'): Contender {
  return {
    version: ownVersion,

    open(workload, target): Session {
      const open: (HTTPConnection | undefined)[] = Array.from({ length: workload.connections })
      const read = reader(workload, way)
      return {
        lanes: workload.connections,
        lane(index, take) {
          const connection = (open[index] ??= connect(workload, target))
          return workload.depth === 1
            ? oneByOne(connection, workload, read, take)
            : pipelined(connection, workload, read, take)
        },
        close() {
          for (const connection of open) connection?.close()
        },
      }
    },
  }
}

function connect({ tls, depth }: Workload, { host, port, ca }: Target): HTTPConnection {
  return tls
    ? new HTTPSConnection(host, port, { tls: { ca }, pipelining: depth })
    : new HTTPConnection(host, port, { pipelining: depth })
}

type Read = (response: HTTPResponse) => Promise<number>

function reader({ reading }: Workload, way: 'iterate' | 'readInto'): Read {
  if (reading === 'text') return async (response) => (await response.text()).length
  if (reading === 'bytes') return async (response) => (await response.read()).length
  if (way === 'iterate') return countPieces
  const buffer = Buffer.alloc(65_536)
  return async (response) => {
    let received = 0
    for (;;) {
      const count = await response.readInto(buffer)
      if (count === 0) return received
      received += count
    }
  }
}

async function oneByOne(
  connection: HTTPConnection,
  workload: Workload,
  read: Read,
  take: Take,
): Promise<number> {
  const { method, streamed, bodyBytes } = workload.request
  const fixed = fixedBody(workload)
  let received = 0
  while (take()) {
    await connection.request(method, '/', streamed === true ? pieces(bodyBytes) : fixed)
    received += await read(await connection.getResponse())
  }
  return received
}

/** Keeps as many requests outstanding as the workload asks for; responses are read in their order. */
async function pipelined(
  connection: HTTPConnection,
  { request, depth }: Workload,
  read: Read,
  take: Take,
): Promise<number> {
  let received = 0
  let outstanding = 0
  for (;;) {
    while (outstanding < depth && take()) {
      await connection.request(request.method, '/')
      outstanding++
    }
    if (outstanding === 0) return received
    received += await read(await connection.getResponse())
    outstanding--
  }
}

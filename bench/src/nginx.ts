/**
 * nginx as the server: one process on the server's core, a configuration and a folder made for each workload. It serves
 * what a static server serves; the other workloads are left out.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import { pin } from './machine.ts'
import type { OpenPort, Origin } from './origin.ts'
import type { Workload } from './workloads.ts'

/** What the times in /proc/…/stat are counted in. */
const TICKS_PER_SECOND = 100
/** Longer bodies do not fit into a directive. */
const MAX_DIRECT_BYTES = 2_048
const START_MS = 5_000

export class NginxOrigin implements Origin {
  readonly #certificates: string
  #server: { child: ChildProcess; folder: string } | undefined
  #spentBefore = 0

  constructor(certificates: string) {
    this.#certificates = certificates
  }

  canServe({ kind, request, response }: Workload): boolean {
    const { varied, chunkBytes, holdUntil, fields, content, coding } = response
    return (
      kind !== 'memory' &&
      // Its static files take no POST.
      request.form !== true &&
      content === undefined &&
      coding === undefined &&
      request.streamed !== true &&
      varied !== true &&
      chunkBytes === undefined &&
      holdUntil === undefined &&
      fields <= 6
    )
  }

  async open(workload: Workload): Promise<OpenPort> {
    const folder = mkdtempSync(path.join(tmpdir(), 'httplib-bench-nginx-'))
    const port = await freePort()
    writeFileSync(path.join(folder, 'body'), '')
    truncateSync(path.join(folder, 'body'), workload.response.bodyBytes)
    writeFileSync(path.join(folder, 'nginx.conf'), configuration(workload, folder, port, this.#certificates))
    const command = pin('server', ['nginx', '-p', folder, '-c', path.join(folder, 'nginx.conf')])
    const child = spawn(command[0]!, command.slice(1), { stdio: ['ignore', 'ignore', 'inherit'] })
    child.on('error', () => {
      // Told by the wait below, which finds nobody listening.
    })
    this.#server = { child, folder }
    await whenListening(port)
    return { port, responseBytes: await responseLength(port, workload, this.#certificates) }
  }

  async shut(): Promise<void> {
    this.#spentBefore = await this.cpuMicros()
    const { child, folder } = this.#server!
    this.#server = undefined
    const exited = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGTERM')
    await exited
    rmSync(folder, { recursive: true, force: true })
  }

  cpuMicros(): Promise<number> {
    const pid = this.#server?.child.pid
    if (pid === undefined) return Promise.resolve(this.#spentBefore)
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
    // Fields 14 and 15 of proc(5), user and system time, counted after the name.
    const ticks = Number(fields[11]) + Number(fields[12])
    return Promise.resolve(this.#spentBefore + (ticks / TICKS_PER_SECOND) * 1e6)
  }

  async end(): Promise<void> {
    if (this.#server !== undefined) await this.shut()
  }
}

function configuration(workload: Workload, folder: string, port: number, certificates: string): string {
  const { tls, response } = workload
  const body = response.bodyBytes
  const answer = body <= MAX_DIRECT_BYTES ? `return 200 "${'x'.repeat(body)}";` : 'try_files /body =404;'
  const secure = `ssl_certificate ${certificates}/server.crt; ssl_certificate_key ${certificates}/server.key;`
  return `daemon off; master_process off; pid ${folder}/pid; error_log stderr crit;
events { worker_connections 16384; }
http {
  access_log off; default_type text/html; sendfile on; tcp_nodelay on;
  keepalive_requests 1000000000; keepalive_timeout ${response.close === true ? '0' : '3600s'};
  client_max_body_size 0; client_body_buffer_size 2m; client_body_temp_path ${folder}/temp;
  proxy_temp_path ${folder}/p; fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
  server {
    listen 127.0.0.1:${port}${tls ? ' ssl' : ''} backlog=16384;
    ${tls ? secure : ''}
    root ${folder};
    location / { ${answer} }
  }
}
`
}

async function freePort(): Promise<number> {
  const server = net.createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as net.AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

async function whenListening(port: number): Promise<void> {
  const end = Date.now() + START_MS
  while (Date.now() < end) {
    const isUp = await new Promise<boolean>((resolve) => {
      const socket = net.connect(port, '127.0.0.1', () => {
        socket.destroy()
        resolve(true)
      })
      socket.on('error', () => resolve(false))
    })
    if (isUp) return
    await wait(50)
  }
  throw new Error('nginx did not start: is it installed?')
}

/** The length of a whole response, found by one request that asks for the connection to be closed after it. */
function responseLength(
  port: number,
  { tls, request, response }: Workload,
  certificates: string,
): Promise<number> {
  return new Promise((resolve, reject) => {
    let length = 0
    const ca = readFileSync(`${certificates}/ca.crt`)
    const socket = tls ? connectTls({ host: '127.0.0.1', port, ca }) : net.connect(port, '127.0.0.1')
    socket.on('error', reject)
    socket.on('data', (bytes) => {
      length += bytes.length
    })
    // "Connection: keep-alive", which a request gets that does not ask for the end, is longer by what the two words differ.
    const differs = response.close === true ? 0 : 'keep-alive'.length - 'close'.length
    socket.on('end', () => resolve(length + differs))
    socket.write(`${request.method} / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`)
  })
}

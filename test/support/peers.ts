// Servers that others have written, started for the interop tests: Debian's nginx and Apache, and Python's http.server, on
// loopback, on free ports, with configurations made here in a temporary folder. Each runs in the foreground as a child
// process and is ended by its process id. `scripts/install-peers.sh` installs what is missing.

import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import type { HTTPResponse } from '../../src/core/response.ts'
import { systemClock } from '../../src/time/clock.ts'
import { findTool, TOOL_PATH } from './need.ts'
import { repositoryPath } from './repository.ts'
import { certificatePath } from './tls-fixture.ts'

export type Scheme = 'http' | 'https'

const MEBIBYTE = 1_048_576
const mebibyte: Buffer = Buffer.from(
  Uint8Array.from({ length: MEBIBYTE }, (_, index) => (index * 31 + (index >> 8)) & 0xff),
)

/** Requests of the mixed load. */
export const MIXED_REQUESTS = 1_000

/** The files that every peer serves, by name. */
export const FILES: Readonly<Record<'hello.txt' | 'empty' | 'one' | 'mebibyte' | 'large', Buffer>> = {
  'hello.txt': Buffer.from('abcdefghijklmnopqrstuvwxyz\n'),
  empty: Buffer.alloc(0),
  one: Buffer.from('1'),
  mebibyte,
  /** More than the buffers of two programs and of the kernel between them hold. */
  large: Buffer.alloc(16 * MEBIBYTE, mebibyte),
}

/**
 * A running peer. It serves FILES at `/NAME`, and `/mebibyte` chunked at `/chunked/mebibyte`; takes PUT at `/put/…` and
 * POST at `/post/…`; and says in X-Peer-Port from which port the client came.
 */
export interface Peer {
  readonly ports: Readonly<Record<Scheme, number>>
  /** SHA-256, in hex, of the body that the peer took from the last request, by its answer or by the file it wrote. */
  digest(method: 'PUT' | 'POST', name: string, response: HTTPResponse, body: Buffer): Promise<string>
  close(): Promise<void>
}

const READY_MS = 20_000
const POLL_MS = 20

/** Where a program is; undefined where it is not installed. `scripts/install-peers.sh` does that. */
export function findPeer(program: string): string | undefined {
  return findTool(program)
}

/** SHA-256 of a file, in hex. */
export async function hashFile(file: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const piece of createReadStream(file)) hash.update(piece as Buffer)
  return hash.digest('hex')
}

/** A folder with `www` in it, which holds FILES and an empty `put` that anybody may write to. */
async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'httplib-peer-'))
  await chmod(folder, 0o755)
  for (const name of ['www/put', 'run']) {
    await mkdir(path.join(folder, name), { recursive: true })
    await chmod(path.join(folder, name), 0o777)
  }
  for (const [name, content] of Object.entries(FILES))
    await writeFile(path.join(folder, 'www', name), content)
  return folder
}

/** Two ports that are free now. */
export async function freePorts(): Promise<Record<Scheme, number>> {
  const servers = [net.createServer(), net.createServer()]
  const ports: number[] = []
  for (const server of servers) {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    ports.push((server.address() as net.AddressInfo).port)
  }
  for (const server of servers) {
    server.close()
    await once(server, 'close')
  }
  return { http: ports[0]!, https: ports[1]! }
}

/** A child process that is ended with the tests, whatever becomes of them. */
export class Daemon {
  readonly child: ChildProcess
  readonly #folder: string
  #stderr = ''
  readonly #kill = (): void => void this.child.kill('SIGKILL')

  constructor(folder: string, program: string, words: readonly string[]) {
    this.#folder = folder
    // In a process group of its own: when Apache ends it ends its whole group.
    const env = { ...process.env, PATH: TOOL_PATH }
    this.child = spawn(program, words, { stdio: ['pipe', 'pipe', 'pipe'], env, detached: true })
    this.child.stderr?.on('data', (bytes: Buffer) => {
      this.#stderr += bytes.toString()
    })
    process.once('exit', this.#kill)
  }

  /** Waits until somebody listens on the port. */
  async listensOn(port: number): Promise<void> {
    const endsAt = systemClock.now() + READY_MS
    while (!(await accepts(port))) {
      const isGone = this.child.exitCode !== null || this.child.signalCode !== null
      if (isGone || systemClock.now() > endsAt) {
        const log = await readFile(path.join(this.#folder, 'error.log'), 'utf8').catch(() => '')
        await this.end()
        assert.fail(`${this.child.spawnfile} does not listen: ${this.#stderr}${log}`)
      }
      await new Promise<void>((resolve) => {
        systemClock.after(POLL_MS, resolve)
      })
    }
  }

  async end(): Promise<void> {
    process.off('exit', this.#kill)
    const { child } = this
    child.stdin?.destroy()
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM')
      await once(child, 'exit')
    }
    child.stdout?.destroy()
    child.stderr?.destroy()
    await rm(this.#folder, { recursive: true, force: true })
  }
}

/** A program that a test configures by itself: files in a folder of their own, and a port of 127.0.0.1. */
export interface ProgramPlan {
  readonly program: string
  readonly words: readonly string[]
  readonly files: Readonly<Record<string, string>>
}

/** Starts it, and waits until it listens. */
export async function startProgram(
  plan: (folder: string, port: number) => ProgramPlan,
): Promise<{ readonly origin: string; close(): Promise<void> }> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'httplib-peer-'))
  await chmod(folder, 0o755)
  const { http: port } = await freePorts()
  const { program, words, files } = plan(folder, port)
  for (const [name, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true })
    await writeFile(path.join(folder, name), text)
  }
  const daemon = new Daemon(folder, program, words)
  await daemon.listensOn(port)
  return { origin: `http://127.0.0.1:${port}`, close: () => daemon.end() }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1')
    socket.on('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}

export const isRoot = process.getuid?.() === 0

/** Starts nginx: files and PUT (dav) by itself, POST by way of a proxied location that keeps the body in a file. */
export async function startNginx(program: string): Promise<Peer> {
  const folder = await makeFolder()
  const ports = await freePorts()
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  await writeFile(
    path.join(folder, 'nginx.conf'),
    `
daemon off;
master_process off;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log warn;
events { worker_connections 128; }
http {
  access_log off;
  ${temporary.map((name) => `${name}_temp_path ${folder}/run/${name};`).join('\n  ')}
  default_type application/octet-stream;
  client_max_body_size 0;
  keepalive_requests 100000;
  keepalive_timeout 60s;
  add_header X-Peer-Port $remote_port always;
  server {
    listen 127.0.0.1:${ports.http};
    listen 127.0.0.1:${ports.https} ssl;
    ssl_certificate ${certificatePath('server.crt')};
    ssl_certificate_key ${certificatePath('server.key')};
    root ${folder}/www;
    location /put/ { dav_methods PUT; }
    location /post/ {
      client_body_in_file_only on;
      proxy_pass http://unix:${folder}/inner:;
      proxy_pass_request_body off;
      proxy_set_header Content-Length "";
      proxy_set_header X-Body-File $request_body_file;
    }
    location /chunked/ {
      alias ${folder}/www/;
      sub_filter "this text is in no file" "";
      sub_filter_types *;
    }
  }
  server {
    listen unix:${folder}/inner;
    location / {
      add_header X-Body-File $http_x_body_file;
      return 200 "taken";
    }
  }
}
`,
  )
  const words = ['-p', folder, '-e', `${folder}/error.log`, '-c', `${folder}/nginx.conf`]
  const daemon = new Daemon(folder, program, words)
  await daemon.listensOn(ports.https)
  return {
    ports,
    digest: (method, name, response, body) => {
      if (method === 'PUT') return hashFile(path.join(folder, 'www', 'put', name))
      assert.equal(body.toString(), 'taken')
      // nginx makes no file for an empty body.
      const file = response.getHeader('x-body-file')
      return file === undefined ? Promise.resolve(hashOfNothing) : hashFile(file)
    },
    close: () => daemon.end(),
  }
}

const hashOfNothing = createHash('sha256').digest('hex')

const APACHE_MODULES = '/usr/lib/apache2/modules'

/** Starts Apache: files by itself, PUT by mod_dav, POST and what is chunked by scripts of mod_cgi. */
export async function startApache(program: string): Promise<Peer> {
  const folder = await makeFolder()
  const ports = await freePorts()
  const modules = ['mpm_prefork', 'authz_core', 'alias', 'headers', 'mime', 'dav', 'dav_fs', 'cgi', 'ssl']
  const scripts = {
    digest: 'exec sha256sum',
    chunked: `exec cat ${folder}/www/mebibyte`,
  }
  await mkdir(path.join(folder, 'cgi'))
  for (const [name, command] of Object.entries(scripts)) {
    const text = `#!/bin/sh\nprintf 'Content-Type: application/octet-stream\\r\\n\\r\\n'\n${command}\n`
    await writeFile(path.join(folder, 'cgi', name), text, { mode: 0o755 })
  }
  await writeFile(
    path.join(folder, 'apache.conf'),
    `
${modules.map((name) => `LoadModule ${name}_module ${APACHE_MODULES}/mod_${name}.so`).join('\n')}
ServerRoot "${folder}"
ServerName localhost
DefaultRuntimeDir "${folder}/run"
PidFile "${folder}/apache.pid"
ErrorLog "${folder}/error.log"
${isRoot ? 'User www-data\nGroup www-data' : ''}
StartServers 2
MinSpareServers 1
MaxSpareServers 4
MaxRequestWorkers 16
KeepAlive On
KeepAliveTimeout 60
MaxKeepAliveRequests 0
TypesConfig /dev/null
Listen 127.0.0.1:${ports.http}
Listen 127.0.0.1:${ports.https}
DocumentRoot "${folder}/www"
DavLockDB "${folder}/run/locks"
Header always set X-Peer-Port "expr=%{REMOTE_PORT}"
ScriptAlias /post "${folder}/cgi/digest"
ScriptAlias /chunked "${folder}/cgi/chunked"
<Location "/put">
  Dav On
</Location>
<VirtualHost 127.0.0.1:${ports.http}>
</VirtualHost>
<VirtualHost 127.0.0.1:${ports.https}>
  SSLEngine on
  SSLCertificateFile "${certificatePath('server.crt')}"
  SSLCertificateKeyFile "${certificatePath('server.key')}"
</VirtualHost>
`,
  )
  const daemon = new Daemon(folder, program, ['-DFOREGROUND', '-d', folder, '-f', `${folder}/apache.conf`])
  await daemon.listensOn(ports.https)
  return {
    ports,
    digest: (method, name, _response, body) =>
      method === 'PUT'
        ? hashFile(path.join(folder, 'www', 'put', name))
        : Promise.resolve(body.toString().slice(0, 64)),
    close: () => daemon.end(),
  }
}

/** Starts Python's http.server. */
export async function startPython(program: string): Promise<Peer> {
  const folder = await makeFolder()
  const script = repositoryPath('test', 'suites', 'interop', 'python-server.py')
  const daemon = new Daemon(folder, program, [
    script,
    path.join(folder, 'www'),
    certificatePath('server.crt'),
    certificatePath('server.key'),
  ])
  const gone = once(daemon.child, 'exit').then(() => undefined)
  const line = once(daemon.child.stdout!, 'data').then(([bytes]) => (bytes as Buffer).toString())
  const ports = await Promise.race([line, gone])
  assert.ok(ports !== undefined, 'python-server.py does not listen')
  return {
    ports: JSON.parse(ports) as Record<Scheme, number>,
    digest: (_method, _name, response) => Promise.resolve(response.getHeader('x-sha256', '')),
    close: () => daemon.end(),
  }
}

/** Debian's own Python, whatever else is in the path. */
const DEBIANS_PYTHON = '/usr/bin/python3'

/** Where gunicorn is, if httpbin is there, too; undefined where one is not installed. */
export function findHttpbin(): string | undefined {
  const program = findPeer('gunicorn')
  if (program === undefined) return undefined
  return spawnSync(DEBIANS_PYTHON, ['-c', 'import httpbin']).status === 0 ? program : undefined
}

/** httpbin under gunicorn, with keep-alive: where it listens, and how it ends. */
export async function startHttpbin(
  program: string,
): Promise<{ readonly origin: string; close(): Promise<void> }> {
  const folder = await makeFolder()
  const { http: port } = await freePorts()
  const words = [
    '-b',
    `127.0.0.1:${port}`,
    '-k',
    'gthread',
    '--threads',
    '70',
    '--keep-alive',
    '30',
    'httpbin:app',
  ]
  const daemon = new Daemon(folder, DEBIANS_PYTHON, [program, '--log-level', 'warning', ...words])
  await daemon.listensOn(port)
  return { origin: `http://127.0.0.1:${port}`, close: () => daemon.end() }
}

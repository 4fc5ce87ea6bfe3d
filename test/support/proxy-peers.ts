// Proxies that others have written, started for the interop tests: Debian's squid, tinyproxy, microsocks, dante, and stunnel
// before a proxy. As peers.ts has it: on loopback, on free ports, in the foreground, ended by their process ids.

import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmod, mkdtemp, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { Daemon, findPeer, freePorts, isRoot } from './peers.ts'
import { certificatePath } from './tls-fixture.ts'

/** Who we are to those that ask. */
export const USER = 'user'
export const PASSWORD = 'pass word'

/** A running proxy. */
export interface ProxyPeer {
  readonly port: number
  /** Where it wants to know who we are, if it listens for that as well. */
  readonly guardedPort: number
  close(): Promise<void>
}

async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'httplib-proxy-'))
  await chmod(folder, 0o777)
  return folder
}

const SQUID_HELPERS = '/usr/lib/squid'

/** Starts squid without a cache: one port is open, the other wants Digest or Basic. */
export async function startSquid(program: string): Promise<ProxyPeer> {
  const folder = await makeFolder()
  const { http: port, https: guardedPort } = await freePorts()
  const { stdout } = spawnSync('openssl', ['passwd', '-apr1', PASSWORD], { encoding: 'utf8' })
  await writeFile(path.join(folder, 'basic'), `${USER}:${stdout.trim()}\n`)
  const secret = createHash('md5').update(`${USER}:squid:${PASSWORD}`).digest('hex')
  await writeFile(path.join(folder, 'digest'), `${USER}:squid:${secret}\n`)
  await writeFile(
    path.join(folder, 'squid.conf'),
    `
http_port 127.0.0.1:${port}
http_port 127.0.0.1:${guardedPort}
auth_param digest program ${SQUID_HELPERS}/digest_file_auth -c ${folder}/digest
auth_param digest children 1 startup=1 idle=1
auth_param digest realm squid
auth_param basic program ${SQUID_HELPERS}/basic_ncsa_auth ${folder}/basic
auth_param basic children 1 startup=1 idle=1
auth_param basic realm squid
acl guarded localport ${guardedPort}
acl known proxy_auth REQUIRED
http_access deny guarded !known
http_access allow localhost
http_access deny all
cache deny all
memory_pools off
pid_filename none
pinger_enable off
access_log none
cache_store_log none
netdb_filename none
cache_log ${folder}/error.log
coredump_dir ${folder}
shutdown_lifetime 0 seconds
visible_hostname squid.test
`,
  )
  const daemon = new Daemon(folder, program, ['-N', '-f', `${folder}/squid.conf`])
  await daemon.listensOn(guardedPort)
  return { port, guardedPort, close: () => daemon.end() }
}

/** Starts tinyproxy twice: open, and with Basic. */
export async function startTinyproxy(program: string): Promise<ProxyPeer> {
  const ports = await freePorts()
  const start = async (port: number, auth: string): Promise<Daemon> => {
    const folder = await makeFolder()
    await writeFile(
      path.join(folder, 'tinyproxy.conf'),
      `
Port ${port}
Listen 127.0.0.1
Timeout 60
LogLevel Error
MaxClients 50
${auth}
`,
    )
    const daemon = new Daemon(folder, program, ['-d', '-c', `${folder}/tinyproxy.conf`])
    await daemon.listensOn(port)
    return daemon
  }
  // Its configuration has no blanks in a password.
  const daemons = await Promise.all([
    start(ports.http, ''),
    start(ports.https, `BasicAuth ${USER} ${PASSWORD.replace(' ', '')}`),
  ])
  return {
    port: ports.http,
    guardedPort: ports.https,
    close: async () => {
      for (const daemon of daemons) await daemon.end()
    },
  }
}

/** Starts microsocks twice: open, and with user and password. */
export async function startMicrosocks(program: string): Promise<ProxyPeer> {
  const ports = await freePorts()
  const start = async (port: number, auth: readonly string[]): Promise<Daemon> => {
    const daemon = new Daemon(await makeFolder(), program, ['-i', '127.0.0.1', '-p', String(port), ...auth])
    await daemon.listensOn(port)
    return daemon
  }
  const daemons = await Promise.all([start(ports.http, []), start(ports.https, ['-u', USER, '-P', PASSWORD])])
  return {
    port: ports.http,
    guardedPort: ports.https,
    close: async () => {
      for (const daemon of daemons) await daemon.end()
    },
  }
}

/** Starts dante, which speaks SOCKS4 as well, open. */
export async function startDante(program: string): Promise<ProxyPeer> {
  const folder = await makeFolder()
  const { http: port } = await freePorts()
  await writeFile(
    path.join(folder, 'danted.conf'),
    `
logoutput: ${folder}/error.log
internal: 127.0.0.1 port = ${port}
external: lo
clientmethod: none
socksmethod: none
${isRoot ? 'user.privileged: root\nuser.unprivileged: nobody' : ''}
client pass { from: 0.0.0.0/0 to: 0.0.0.0/0 }
socks pass { from: 0.0.0.0/0 to: 0.0.0.0/0 }
`,
  )
  const daemon = new Daemon(folder, program, ['-f', `${folder}/danted.conf`, '-N', '1'])
  await daemon.listensOn(port)
  return { port, guardedPort: port, close: () => daemon.end() }
}

/** Starts stunnel: TLS before a proxy. */
export async function startStunnel(program: string, before: number): Promise<ProxyPeer> {
  const folder = await makeFolder()
  const { http: port } = await freePorts()
  await writeFile(
    path.join(folder, 'stunnel.conf'),
    `
foreground = yes
pid =
output = ${folder}/error.log
[proxy]
accept = 127.0.0.1:${port}
connect = 127.0.0.1:${before}
cert = ${certificatePath('server.crt')}
key = ${certificatePath('server.key')}
`,
  )
  const daemon = new Daemon(folder, program, [`${folder}/stunnel.conf`])
  await daemon.listensOn(port)
  return { port, guardedPort: port, close: () => daemon.end() }
}

export { findPeer }

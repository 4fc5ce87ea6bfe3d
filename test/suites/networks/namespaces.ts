// Two machines in one: a network namespace for the client and one for the servers, joined by cables that can be pulled.
// Needs the rights to make them, which `unshare` may give; says why not where they cannot be had.

import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'

/** What a worker needs to know of the namespaces; can be sent as JSON. */
export interface Topology {
  readonly client: string
  readonly server: string
}

/** A namespace pair, until it is closed. */
export interface Namespaces extends Disposable {
  readonly topology: Topology
}

/** The addresses of the cable that everything uses. */
export const MAIN = {
  device: 'main0',
  client: '10.83.0.2',
  server: '10.83.0.1',
  /** An address of the server on which nothing listens. */
  refusing: '10.83.0.3',
  /** Packets to it reach the server's namespace, which drops them without a word. */
  silent: '10.83.0.4',
  /** The client has no way there, and knows it. */
  unreachable: '10.83.9.1',
  client6: 'fd83::2',
  server6: 'fd83::1',
  silent6: 'fd83::4',
  unreachable6: 'fd83:9::1',
} as const

/** The addresses of the cable that is pulled. */
export const PULLED = { device: 'pulled0', client: '10.84.0.2', server: '10.84.0.1' } as const

/** The addresses of the link that loses packets; see lossy-link.py. */
export const LOSSY = { device: 'lossy0', client: '10.85.0.2', server: '10.85.0.1' } as const

/** Runs `ip` and answers what it prints. */
export function ip(...words: readonly string[]): string {
  const { status, error, stdout, stderr } = spawnSync('ip', words, { encoding: 'utf8' })
  if (error !== undefined) throw error
  if (status !== 0) throw new Error(`ip ${words.join(' ')}: ${stderr.trim()}`)
  return stdout
}

/** The words that run a program inside a namespace. */
export function inside(namespace: string): string[] {
  return ['ip', 'netns', 'exec', namespace]
}

/** Makes the namespaces and joins them; a text where this machine does not allow it. */
export function openNamespaces(): Namespaces | string {
  const suffix = `${process.pid}-${randomBytes(3).toString('hex')}`
  const topology = { client: `httplib-c-${suffix}`, server: `httplib-s-${suffix}` }
  const made: string[] = []
  const remove = (): void => {
    // The cables go with the namespaces.
    for (const name of made.splice(0)) ip('netns', 'del', name)
  }
  try {
    for (const name of [topology.client, topology.server]) {
      ip('netns', 'add', name)
      made.push(name)
      ip('-n', name, 'link', 'set', 'lo', 'up')
    }
    joinByMain(topology)
    layCable(topology, PULLED.device)
    ip('-n', topology.client, 'addr', 'add', `${PULLED.client}/24`, 'dev', PULLED.device)
    ip('-n', topology.server, 'addr', 'add', `${PULLED.server}/24`, 'dev', PULLED.device)
  } catch (error) {
    remove()
    return (error as Error).message
  }
  return { topology, [Symbol.dispose]: remove }
}

function layCable({ client, server }: Topology, device: string): void {
  ip('-n', client, 'link', 'add', device, 'type', 'veth', 'peer', 'name', device, 'netns', server)
  for (const name of [client, server]) ip('-n', name, 'link', 'set', device, 'up')
}

function joinByMain(topology: Topology): void {
  const { client, server } = topology
  const { device } = MAIN
  layCable(topology, device)
  ip('-n', client, 'addr', 'add', `${MAIN.client}/24`, 'dev', device)
  for (const address of [MAIN.server, MAIN.refusing])
    ip('-n', server, 'addr', 'add', `${address}/24`, 'dev', device)
  ip('-n', client, '-6', 'addr', 'add', `${MAIN.client6}/64`, 'dev', device, 'nodad')
  ip('-n', server, '-6', 'addr', 'add', `${MAIN.server6}/64`, 'dev', device, 'nodad')
  const mac = /link\/ether (\S+)/.exec(ip('-n', server, 'link', 'show', device))![1]!
  for (const silent of [MAIN.silent, MAIN.silent6])
    ip('-n', client, 'neigh', 'add', silent, 'lladdr', mac, 'dev', device, 'nud', 'permanent')
  ip('-n', client, 'route', 'add', 'unreachable', MAIN.unreachable)
  ip('-n', client, '-6', 'route', 'add', 'unreachable', MAIN.unreachable6)
}

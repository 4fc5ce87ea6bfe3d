// Where a fault is played: servers in a namespace of their own where there is one, on loopback otherwise. A fault asks the
// stage for listeners and addresses and does not know which it is.

import { type ChildProcess, spawn } from 'node:child_process'
import { on, once } from 'node:events'
import type net from 'node:net'
import { fileURLToPath } from 'node:url'
import { moduleBeside } from '../../support/repository.ts'
import type { ListenRequest } from './listener-helper.ts'
import { inside, LOSSY, MAIN, PULLED, type Topology } from './namespaces.ts'

export type Where = 'namespace' | 'loopback'

/** Which of the links between client and server. */
export type LinkName = 'main' | 'pulled' | 'lossy'

const LOOPBACK = '127.0.0.1'

export class Stage implements AsyncDisposable {
  readonly where: Where
  readonly topology: Topology | undefined
  readonly #helper: ChildProcess | undefined

  private constructor(topology: Topology | undefined, helper: ChildProcess | undefined) {
    this.topology = topology
    this.#helper = helper
    this.where = topology === undefined ? 'loopback' : 'namespace'
  }

  static async open(topology: Topology | undefined): Promise<Stage> {
    if (topology === undefined) return new Stage(undefined, undefined)
    const [command, ...words] = inside(topology.server)
    const script = fileURLToPath(moduleBeside(import.meta, './listener-helper'))
    const helper = spawn(command!, [...words, process.execPath, script], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    await once(helper, 'spawn')
    return new Stage(topology, helper)
  }

  /** The address of the servers at the other end of a link. */
  addressOf(link: LinkName = 'main'): string {
    if (this.topology === undefined) return LOOPBACK
    return { main: MAIN.server, pulled: PULLED.server, lossy: LOSSY.server }[link]
  }

  /** Lets a server listen at an address of the server's side; port 0 for any. */
  async listen(server: net.Server, host: string = this.addressOf(), port = 0): Promise<void> {
    if (this.topology === undefined) {
      server.listen({ host, port })
      await once(server, 'listening')
      return
    }
    const helper = this.#helper!
    const messages = on(helper, 'message')
    helper.send({ host, port } satisfies ListenRequest)
    const [{ error }, handle] = (await messages.next()).value as [{ error?: string }, net.Server]
    if (error !== undefined) throw new Error(error)
    server.listen(handle)
    await messages.next()
    await messages.return?.()
  }

  /** The words that run a program on the server's side. */
  get onServerSide(): readonly string[] {
    return this.topology === undefined ? [] : inside(this.topology.server)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const helper = this.#helper
    if (helper === undefined) return
    helper.disconnect()
    if (helper.exitCode === null && helper.signalCode === null) await once(helper, 'exit')
  }
}

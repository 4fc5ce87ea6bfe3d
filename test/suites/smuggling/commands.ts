// Plays attempts at the doors of the command: in this process, through the `run` of src/cli, or in a process for each,
// against one server on loopback.

import { once } from 'node:events'
import net from 'node:net'
import { LocalProtocolError } from '../../../src/index.ts'
import { runCommand, runCommandProcess } from '../../support/command.ts'
import { type Attempt, complete } from './attempt.ts'
import type { Door } from './door.ts'
import { COMMAND_DOORS, type CommandDoor } from './doors/command.ts'
import { judge } from './judge.ts'
import type { Recipe } from './recipes.ts'
import { type Played } from './run.ts'
import { Stage, type StageOptions } from './stage.ts'

/** The doors of the command as tables of attempts want them. */
export const DOORS_OF_COMMAND: readonly Door[] = COMMAND_DOORS.map((door) => ({
  ...door,
  open: () => {
    throw new TypeError('a command is run, not opened')
  },
}))

/** One server for all runs; each run has a stage of its own. */
export class CommandServer {
  readonly #server: net.Server
  #stage = new Stage()
  #open = 0

  private constructor(server: net.Server) {
    this.#server = server
  }

  static async start(): Promise<CommandServer> {
    const server = net.createServer()
    const made = new CommandServer(server)
    server.on('connection', (socket) => made.#serve(socket))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return made
  }

  get port(): number {
    return (this.#server.address() as net.AddressInfo).port
  }

  /** From now on this is what is recorded. */
  begin(options: StageOptions): Stage {
    this.#stage = new Stage(options)
    return this.#stage
  }

  /** Waits until what was sent has arrived: the connections of the run are gone. */
  async settled(): Promise<void> {
    while (this.#open > 0) await new Promise((resolve) => setImmediate(resolve))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close()
    await once(this.#server, 'close')
  }

  #serve(socket: net.Socket): void {
    const recorder = this.#stage.open()
    this.#open++
    socket.on('error', () => {})
    socket.on('close', () => {
      this.#open--
    })
    socket.on('data', (bytes) => {
      for (const answer of recorder.feed(bytes)) socket.write(answer)
    })
    socket.on('end', () => {
      recorder.isClosed = true
    })
  }
}

/** What became of a run. */
interface CommandEnding {
  readonly code: number | null
  readonly stderr: string
}

/** Runs the command in this process. */
export const runInside: Runner = (words) => runCommand(words)

/** Runs the command in a process of its own. */
export const runOutside: Runner = (words) => runCommandProcess(words)

export type Runner = (words: readonly string[]) => Promise<CommandEnding>

const LONE_SURROGATE = /\p{Surrogate}/u

function isWord(recipe: Recipe): boolean {
  return recipe.form === 'text' && !LONE_SURROGATE.test(recipe.text)
}

/** True for an attempt that words can stand for: they are strings, and neither options nor names of files. */
export function isSayable({ parts }: Attempt): boolean {
  for (const part of Object.values(parts)) {
    if ('lines' in part) {
      const isPlain = part.lines.every(([name, value]) => isWord(name) && isWord(value))
      const isFile = part.lines.some(([name]) => name.form === 'text' && name.text.startsWith('@'))
      if (!isPlain || isFile || part.container !== 'pairs') return false
    } else if ('length' in part || !('text' in part) || LONE_SURROGATE.test(part.text)) return false
    else if (part.form !== 'text' && part.form !== 'none') return false
    else if (/^[-@]|^demo$/.test(part.text)) return false
  }
  return true
}

/** What, perhaps why, and what to try, of one URL or of several. */
const TOLD = /^(?:httplib: [^\n]+\n(?: {2}Why: [^\n]+\n)?(?: {2}Try: [^\n]+\n)?)+$/

/** Plays one attempt at a door of the command. */
export async function playCommand(attempt: Attempt, server: CommandServer, runner: Runner): Promise<Played> {
  const door = COMMAND_DOORS.find(({ name }) => name === attempt.door)
  if (door === undefined) throw new TypeError(`there is no command '${attempt.door}'`)
  const stage = server.begin(door.stage ?? {})
  const { code, stderr } = await runner(door.words(complete(attempt), server.port))
  await server.settled()
  const { recorders } = stage
  const isTold = TOLD.test(stderr) && !stderr.includes('unexpected')
  const verdict =
    code === 0
      ? judge(asDoor(door), attempt, recorders, { sent: 'answered' })
      : judge(asDoor(door), attempt, recorders, {
          sent: 'refused',
          error: new LocalProtocolError('IMPROPER_STATE'),
        })
  const violation = code === 0 || isTold ? verdict.violation : `the command failed with ${code}: ${stderr}`
  return { ...verdict, violation, recorders }
}

/** A URL that the platform cannot read stands for no request. */
function asDoor({ words: _, expects, ...door }: CommandDoor): Door {
  const orNone: Door['expects'] = (parts) => {
    try {
      return expects(parts)
    } catch {
      return []
    }
  }
  return { ...door, expects: orNone, open: () => ({ send: () => Promise.resolve() }) }
}

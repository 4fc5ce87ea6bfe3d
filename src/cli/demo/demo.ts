/** `httplib demo`: starts the servers, plays the acts, says whether everything was as expected. */

import path from 'node:path'
import { formatMs } from '../show/amounts.ts'
import { describeFailure, toOneLine } from '../tell/failure.ts'
import { ACTS, type Act, type ActProps, connectFor } from './acts.ts'
import { startServers } from './servers.ts'
import { Stage, type StageOptions } from './stage.ts'

export interface DemoOptions extends StageOptions {
  readonly version: string
  /** The file that was started: the last line says how to start it again. */
  readonly startedFile: string
  readonly signal: AbortSignal
}

/** Plays the demo; answers whether every exchange was as expected. */
export async function runDemo(options: DemoOptions): Promise<boolean> {
  const stage = new Stage(options)
  const startedAtMs = performance.now()
  openStage(stage, options.version)
  const servers = await startServers()
  try {
    await playActs({ stage, servers, signal: options.signal })
  } finally {
    servers.close()
  }
  closeStage(stage, performance.now() - startedAtMs, options.startedFile)
  return stage.failures === 0
}

/** Plays all acts; what was not as expected is counted by the stage. */
export async function playActs(props: ActProps): Promise<void> {
  for (const act of ACTS) await playAct(act, props)
}

async function playAct(act: Act, props: ActProps): Promise<void> {
  const { stage, signal } = props
  stage.title(act.title, act.transport, act.prose)
  const connection = connectFor(act, props)
  try {
    await act.play(connection, stage)
  } catch (error) {
    signal.throwIfAborted()
    const { what, why } = describeFailure(error)
    stage.verdict(`refused: ${toOneLine([what, why].filter((part) => part !== undefined).join(': '))}`, {
      'no error': false,
    })
  } finally {
    connection.close()
  }
}

function openStage(stage: Stage, version: string): void {
  const { bold, cyan, dim, green } = stage.colors
  stage.line(bold(`httplib ${version}: a tour of the wire`))
  const legend = `${cyan('>')}${dim(' is sent, ')}${green('<')}${dim(' is received.')}`
  stage.line(`${dim('Real sockets, no network; times count from the call. ')}${legend}`)
}

function closeStage(stage: Stage, ms: number, startedFile: string): void {
  const { bold, cyan, dim, green, red } = stage.colors
  const { failures, exchanges } = stage
  const count = `${exchanges} exchanges on ${ACTS.length} connections in ${formatMs(ms)}`
  stage.line()
  stage.line(
    failures === 0
      ? `${green('✓')} ${bold(`${count}: all as expected`)}`
      : red(`✗ ${count}: ${failures} not as expected`),
  )
  const command = commandFor(startedFile)
  stage.line()
  stage.line(`  ${cyan(`${command} -v https://example.com/`)}${dim('  any server, like this')}`)
  stage.line(`  ${cyan(`${command} --help`)}${dim('  its options')}`)
}

/** How to start again what was started: by its file, by npx where it is installed in a project, else by its name. */
function commandFor(startedFile: string): string {
  if (path.basename(startedFile).startsWith('main.')) return `node ${path.relative('', startedFile)}`
  const folder = path.dirname(startedFile)
  return folder.endsWith(path.join('node_modules', '.bin')) ? 'npx httplib' : 'httplib'
}

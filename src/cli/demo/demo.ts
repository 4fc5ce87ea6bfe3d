/** `httplib demo`: starts the servers, plays the acts, says whether everything was as expected. */

import path from 'node:path'
import { formatMs } from '../show/amounts.ts'
import { describeFailure, toOneLine } from '../tell/failure.ts'
import { ACTS, type Act, type ActProps, connectFor } from './acts.ts'
import { CLIENT_ACTS } from './client-acts.ts'
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
    const props = { stage, servers, signal: options.signal }
    await playClientActs(props)
    await playActs(props)
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

/** The same of the acts of the client. */
export async function playClientActs(props: ActProps): Promise<void> {
  for (const { title, prose, play } of CLIENT_ACTS) {
    props.stage.title(title, 'HTTP', prose)
    await judged(() => play(props), props)
  }
}

async function playAct(act: Act, props: ActProps): Promise<void> {
  const { stage } = props
  stage.title(act.title, act.transport, act.prose)
  const connection = connectFor(act, props)
  await judged(() => act.play(connection, stage), props)
  connection.close()
}

/** An act that ends in an error has failed. */
async function judged(play: () => Promise<void>, { stage, signal }: ActProps): Promise<void> {
  try {
    await play()
  } catch (error) {
    signal.throwIfAborted()
    const { what, why } = describeFailure(error)
    const told = toOneLine([what, why].filter((part) => part !== undefined).join(': '))
    stage.verdict(`refused: ${told}`, { 'no error': false })
  }
}

function openStage(stage: Stage, version: string): void {
  const { bold, cyan, dim, green } = stage.colors
  stage.line(bold(`httplib ${version}: a tour of the client and the wire`))
  const legend = `${cyan('>')}${dim(' is sent, ')}${green('<')}${dim(' is received.')}`
  stage.line(`${dim('Real sockets, no network; times count from the call. ')}${legend}`)
}

function closeStage(stage: Stage, ms: number, startedFile: string): void {
  const { bold, cyan, dim, green, red } = stage.colors
  const { failures, exchanges } = stage
  const count = `${exchanges} calls in ${ACTS.length + CLIENT_ACTS.length} acts in ${formatMs(ms)}`
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

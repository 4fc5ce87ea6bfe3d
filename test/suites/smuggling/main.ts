// The command of the smuggler: `npm run smuggle -- --help`.

import { readTool } from '../../support/tool-options.ts'
import type { Attempt } from './attempt.ts'
import { attemptOf, everyAttempt } from './attempts.ts'
import { CommandServer, DOORS_OF_COMMAND, isSayable, playCommand, runInside, runOutside } from './commands.ts'
import { minimise } from './minimise.ts'
import { DOORS, type Played, play, Watch } from './run.ts'

const PROGRESS_EVERY_MS = 5_000
/** How many failures are told in all. */
const MAX_TOLD = 10

const USAGE = `npm run smuggle -- [options]

Plays every door with every payload and then attempts from seeds; prints progress and, for a failure, the seed and the
attempt cut down to what it needs.`

const { values } = readTool(USAGE, {
  attempts: { takes: 'number', default: 100_000, help: 'how many attempts from seeds' },
  seed: { takes: 'number', default: 1, help: 'the first of the seeds, which are counted up' },
  commands: { takes: 'number', default: 0, help: 'runs of the command inside this process' },
  processes: { takes: 'number', default: 0, help: 'runs of the command in processes of their own' },
  attempt: { takes: 'text', shown: 'JSON', help: 'one again, as a failure prints it: {"door":…,"parts":…}' },
  door: {
    takes: 'text',
    default: '',
    shown: 'WORDS',
    help: 'only doors with these words in their names; none for no door',
  },
})

const doors = DOORS.filter(({ name }) => name.includes(values.door))
const watch = new Watch()
const tally = { attempts: 0, arrived: 0, failures: 0 }
const told = new Set<string>()
const startedAt = performance.now()
let shownAt = startedAt

type Player = (attempt: Attempt) => Promise<Played>

const inMemory: Player = (attempt) => play(attempt, watch)

/** Plays an attempt and counts it; tells of one that fails. Answers whether to go on. */
async function count(
  attempt: Attempt,
  seed: number | undefined,
  player: Player = inMemory,
): Promise<boolean> {
  const { violation, arrived } = await player(attempt)
  tally.attempts++
  if (arrived) tally.arrived++
  if (violation !== undefined) {
    tally.failures++
    await report(attempt, seed, violation, player)
  }
  if (performance.now() - shownAt > PROGRESS_EVERY_MS) {
    shownAt = performance.now()
    console.log(progress())
  }
  return told.size < MAX_TOLD
}

/** One failure of a kind is enough: the same first words at the same door count as one. */
async function report(
  attempt: Attempt,
  seed: number | undefined,
  violation: string,
  player: Player,
): Promise<void> {
  const kind = `${attempt.door}: ${violation.slice(0, 40)}`
  if (told.has(kind)) return
  told.add(kind)
  const fails = async (one: Attempt): Promise<boolean> => (await player(one)).violation !== undefined
  const simplest = await minimise(attempt, fails)
  console.log(`${seed === undefined ? 'from the table' : `seed ${seed}`}: ${violation.slice(0, 400)}`)
  console.log(`  --attempt '${JSON.stringify(simplest)}'`)
}

function progress(): string {
  const seconds = (performance.now() - startedAt) / 1_000
  const rate = (tally.attempts / seconds).toFixed(0)
  return `${tally.attempts} attempts in ${seconds.toFixed(0)} s, ${rate} a second; ${tally.arrived} arrived, ${tally.failures} failed`
}

async function playAll(): Promise<void> {
  for (const attempt of everyAttempt(doors)) if (!(await count(attempt, undefined))) return
  console.log(`every door with every payload: ${progress()}`)
  const first = values.seed
  for (let seed = first; seed < first + values.attempts; seed++)
    if (!(await count(attemptOf(seed, doors), seed))) return
}

/** The command: so many runs in this process, and so many in processes of their own. */
async function playCommands(): Promise<void> {
  await using server = await CommandServer.start()
  let seed: number = values.seed
  for (const [runner, runs] of [
    [runInside, values.commands],
    [runOutside, values.processes],
  ] as const) {
    for (let left = runs; left > 0; seed++) {
      const attempt = attemptOf(seed, DOORS_OF_COMMAND)
      // A process cannot even be given a NUL.
      if (!isSayable(attempt) || JSON.stringify(attempt).includes('\\u0000')) continue
      left--
      if (!(await count(attempt, seed, (one) => playCommand(one, server, runner)))) return
    }
  }
}

const { stackTraceLimit } = Error
Error.stackTraceLimit = 0
try {
  if (values.attempt === undefined) {
    await playAll()
    await playCommands()
  } else console.log(await play(JSON.parse(values.attempt) as Attempt, watch))
} finally {
  Error.stackTraceLimit = stackTraceLimit
  watch[Symbol.dispose]()
}
if (values.attempt === undefined) console.log(progress())
if (tally.failures > 0) process.exitCode = 1

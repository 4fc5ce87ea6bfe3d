/** The options of the command, as a table: the command line is read by it, and `--help` prints it. */

import { parseArgs } from 'node:util'
import { contender } from './contenders.ts'
import type { FormName } from './plan.ts'
import { workload } from './workloads.ts'

const USAGE = `npm run bench -- [--quick | --growth | --gate | --smoke] [options]

Measures httplib beside its peers and beside the sockets under it. Without a form named, the full one: every workload, every
contender, growth; under 30 minutes. On a machine that does nothing else.`

const TABLE = {
  quick: { type: 'boolean', help: 'the workloads of the figures; under 6 minutes' },
  growth: { type: 'boolean', help: 'only how cost grows; under 8 minutes' },
  gate: {
    type: 'boolean',
    help: 'fails where the floor of a figure is missed, and shows how far the goals are; under 6 minutes',
  },
  smoke: { type: 'boolean', help: 'whether everything still runs; its numbers say nothing' },
  workloads: { type: 'string', shown: 'A,B', help: 'only these workloads' },
  contenders: { type: 'string', shown: 'A,B', help: 'only these contenders' },
  server: { type: 'string', shown: 'NAME', help: 'raw, or nginx in place of the raw server' },
  peers: { type: 'string', shown: 'newest', help: 'the peers of bench/newest/, on the newest Node' },
  write: {
    type: 'boolean',
    help: 'also writes bench/results/, docs/images/, docs/results.md and the figures of docs/performance.md',
  },
  from: { type: 'string', shown: 'FILE', help: 'measures nothing: makes tables and charts of these results' },
} as const

export interface Options {
  readonly form: FormName
  readonly workloads: readonly string[] | undefined
  readonly contenders: readonly string[] | undefined
  readonly server: 'raw' | 'nginx'
  readonly write: boolean
  readonly from: string | undefined
}

/**
 * Reads the words of a command line.
 * @throws TypeError for an option, or a value, that there is not
 */
export function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({ args: [...args], options: TABLE })
  const forms = (['quick', 'growth', 'gate', 'smoke'] as const).filter((name) => values[name] === true)
  if (forms.length > 1) throw new TypeError(`one form at a time, not ${forms.join(' and ')}`)
  const { server = 'raw' } = values
  if (server !== 'raw' && server !== 'nginx')
    throw new TypeError(`--server takes raw or nginx, not ${server}`)
  return {
    form: forms[0] ?? 'full',
    workloads: listOf(values.workloads, workload),
    contenders: listOf(values.contenders, contender),
    server,
    write: values.write === true,
    from: values.from,
  }
}

/** The options of this process. After `--help`, and where they are wrong, the process ends here. */
export function readOptions(): Options {
  const args = process.argv.slice(2)
  if (args.includes('--help') || args.includes('-h')) {
    console.log(help())
    process.exit(0)
  }
  try {
    return parseOptions(args)
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${help()}`)
    process.exit(2)
  }
}

/** The names of a list; `find` throws for one that there is not. */
function listOf(text: string | undefined, find: (name: string) => unknown): string[] | undefined {
  const names = text?.split(',')
  for (const name of names ?? []) find(name)
  return names
}

function help(): string {
  const rows = Object.entries(TABLE).map(([name, option]) => ({
    left: 'shown' in option ? `--${name} ${option.shown}` : `--${name}`,
    right: option.help,
  }))
  const width = Math.max(...rows.map(({ left }) => left.length))
  return [USAGE, '', ...rows.map(({ left, right }) => `  ${left.padEnd(width)}  ${right}`)].join('\n')
}

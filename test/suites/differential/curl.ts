// `curl` as a client of a differential run: processes that take many cases each, from a configuration on standard input.
// Each case is a host of its own, so that curl keeps no connection from one case to the next.

import { spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { Case } from './cases.ts'
import { type Client, firstPath, type Report, SECOND_BODY, secondPath } from './outcome.ts'
import { inParallel } from './parallel.ts'

const PROCESSES = 4
const CASES_A_PROCESS = 100

/** undefined where there is no curl. */
export function findCurl(): Client | undefined {
  const { status, stdout } = spawnSync('curl', ['--version'], { encoding: 'utf8' })
  const version = /^curl (\S+)/.exec(stdout ?? '')?.[1]
  return status === 0 && version !== undefined ? { name: 'curl', version, run } : undefined
}

async function run(cases: readonly Case[], port: number): Promise<readonly Report[]> {
  const portions: number[][] = []
  for (let first = 0; first < cases.length; first += CASES_A_PROCESS) {
    const last = Math.min(first + CASES_A_PROCESS, cases.length)
    portions.push(Array.from({ length: last - first }, (_, index) => first + index))
  }
  const reports = await inParallel(PROCESSES, portions, (numbers) => runPortion(cases, numbers, port))
  return reports.flat()
}

/** What curl says of one transfer. */
interface Transfer {
  readonly code: number
  readonly message: string
  readonly status: number
  readonly version: string
  readonly grouped: Record<string, string[]> | undefined
  readonly body: string
}

/** Runs the cases with these numbers; curl gives up after some errors (27, 43), and is started again for what is left. */
async function runPortion(
  cases: readonly Case[],
  numbers: readonly number[],
  port: number,
): Promise<Report[]> {
  const reports: Report[] = []
  while (reports.length < numbers.length) {
    const more = await runProcess(cases, numbers.slice(reports.length), port)
    if (more.length === 0) throw new Error(`curl did not answer case ${numbers[reports.length]}`)
    reports.push(...more)
  }
  return reports
}

/** Runs the cases with these numbers in one process, as far as it gets. */
async function runProcess(
  cases: readonly Case[],
  numbers: readonly number[],
  port: number,
): Promise<Report[]> {
  const mark = randomBytes(12).toString('hex')
  const config = numbers.flatMap((number) => transfersOf(cases[number]!, number, port, mark)).join('next\n')
  const child = spawn('curl', ['-q', '-K', '-'], { stdio: ['pipe', 'pipe', 'ignore'] })
  const stdout: Buffer[] = []
  child.stdout.on('data', (bytes: Buffer) => stdout.push(bytes))
  child.stdin.end(config)
  await once(child, 'close')
  const transfers = readTransfers(Buffer.concat(stdout).toString('latin1'), mark)
  return numbers.flatMap((number) => {
    const first = transfers.get(firstPath(number))
    const second = transfers.get(secondPath(number))
    return first === undefined ? [] : [describe(first, second, cases[number]!)]
  })
}

/** The configuration of the one or two transfers of a case. */
function transfersOf({ method, closes }: Case, number: number, port: number, mark: string): string[] {
  const of = (path: string, isHead: boolean): string =>
    [
      `url = "http://c${number}.test${path}"`,
      `connect-to = "::127.0.0.1:${port}"`,
      'noproxy = "*"',
      'silent',
      'http1.1',
      'max-time = 20',
      // With --head the head would be written where the body is expected.
      ...(isHead ? ['head', 'output = "/dev/null"'] : ['output = "-"']),
      `write-out = "${mark} ${path} %{exitcode} %{response_code} %{http_version} %{errormsg}\\n%{header_json}\\n${mark}\\n"`,
      '',
    ].join('\n')
  return [of(firstPath(number), method === 'HEAD'), ...(closes ? [] : [of(secondPath(number), false)])]
}

/** Cuts the output at the marks: the body of a transfer stands in front of what is said of it. */
function readTransfers(output: string, mark: string): Map<string, Transfer> {
  const transfers = new Map<string, Transfer>()
  const pattern = new RegExp(`${mark} (\\S+) (\\d+) (\\d+) (\\S*) (.*)\n([^]*?)\n${mark}\n`, 'g')
  let from = 0
  for (const match of output.matchAll(pattern)) {
    const [all, path = '', code, status, version = '', message = '', json = ''] = match
    transfers.set(path, {
      code: Number(code),
      message,
      status: Number(status),
      version,
      grouped: readFields(json),
      body: output.slice(from, match.index),
    })
    from = match.index + all.length
  }
  return transfers
}

/**
 * The fields as curl shows them in JSON. Two faults of that output, not of its reading, are passed over: up to version 8 an
 * octet above 7F is shown as a signed char (`uffffffe4` for E4), and after a repeated name fields or brackets are missing.
 */
function readFields(json: string): Record<string, string[]> | undefined {
  const repaired = json.replace(/uffffff([89a-f][0-9a-f])/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
  try {
    const fields = JSON.parse(repaired) as Record<string, string[]>
    return Object.values(fields).some(({ length }) => length > 1) ? undefined : fields
  } catch {
    return undefined
  }
}

function describe(first: Transfer, second: Transfer | undefined, { closes }: Case): Report {
  const { code, message } = first
  if (code !== 0) {
    if (!EXIT_CODES.has(code)) throw new Error(`curl: ${code} ${message}`)
    return { verdict: 'refused', error: `${code} ${message}` }
  }
  const isAnswered = !closes && second?.code === 0
  return {
    verdict: 'complete',
    version: first.version === '1' || first.version === '1.0' ? 10 : 11,
    status: first.status,
    grouped: first.grouped,
    body: Buffer.from(first.body, 'latin1'),
    secondIsRight: isAnswered ? second.body === SECOND_BODY : undefined,
  }
}

/** The exit codes (`man curl`) of what a server can be blamed for: 43 stands for a field that makes no sense, 27 for a line too long. */
const EXIT_CODES = new Set([1, 8, 18, 27, 43, 52, 56, 61])

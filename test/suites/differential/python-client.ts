// Python's `http.client` as a client of a differential run: one process with a few threads, driven by lines.

import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { repositoryPath } from '../../support/repository.ts'
import type { Case } from './cases.ts'
import { type Client, type Field, type Report, SECOND_BODY } from './outcome.ts'

const SCRIPT = repositoryPath('test', 'suites', 'differential', 'python-client.py')

/** undefined where there is no Python. */
export function findPython(): Client | undefined {
  const { status, stdout } = spawnSync('python3', [SCRIPT, '--version'], { encoding: 'utf8' })
  return status === 0 ? { name: 'http.client', version: stdout.trim(), run } : undefined
}

async function run(cases: readonly Case[], port: number): Promise<readonly Report[]> {
  const child = spawn('python3', ['-u', SCRIPT], { stdio: ['pipe', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  for (const [number, { method, closes }] of cases.entries()) {
    child.stdin.write(`${JSON.stringify({ number, port, method, closes })}\n`)
  }
  child.stdin.end()
  const reports: Report[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    const answer = JSON.parse(line) as Answer
    reports[answer.number] = describe(answer, cases[answer.number]!)
  }
  const [code] = (await exited) as [number | null]
  if (code !== 0 || reports.length !== cases.length) throw new Error(`python3 ended with ${code}`)
  return reports
}

/** What `python-client.py` prints. */
interface Answer {
  readonly number: number
  readonly error?: string
  /** It is an HTTPException. */
  readonly isOwn?: boolean
  readonly message?: string
  readonly version?: 10 | 11
  readonly status?: number
  readonly reason?: string
  readonly fields?: readonly Field[]
  readonly body?: string
  readonly second?: string | null
}

function describe(answer: Answer, { closes }: Case): Report {
  const { error, isOwn, message = '', version, status, reason, fields, body = '', second } = answer
  if (error !== undefined) {
    if (error.endsWith('Timeout')) throw new Error(`http.client: ${error}: ${message}`)
    return { verdict: isOwn ? 'refused' : 'crashed', error }
  }
  const secondIsRight =
    closes || second === null ? undefined : second === Buffer.from(SECOND_BODY).toString('hex')
  return {
    verdict: 'complete',
    version,
    status,
    reason,
    fields,
    body: Buffer.from(body, 'hex'),
    secondIsRight,
  }
}

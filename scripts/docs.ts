// Writes the pages of docs/ that are made from tables, and the parts between markers in pages that are written by hand.
//
// `npm run docs` writes them; `test/documentation.test.ts` fails where they are not what the tables say.

import { execFileSync } from 'node:child_process'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { instance } from '@viz-js/viz'
import { formatExitCodes } from '../src/cli/tell/exit-codes.ts'
import { formatForeign, formatOptions } from '../src/cli/words/documentation.ts'
import { GUARD_MEMBERS } from '../src/client/guard-option.ts'
import { CLIENT_OPTIONS } from '../src/client/options.ts'
import * as errors from '../src/errors/index.ts'
import { ERRORS, type ErrorCode, errorRow } from '../src/errors/table.ts'
import { LIMITS, type LimitRow } from '../src/h1/limits.ts'
import { JOINT_TRANSITIONS, type Role, type State, TRANSITIONS } from '../src/h1/states.ts'
import { TOLERANCES, type ToleranceRow } from '../src/h1/tolerances.ts'
import { CERTIFICATE_REASONS } from '../src/io/tls/certificate-reasons.ts'
import { HANDSHAKE_REASONS } from '../src/io/tls/handshake-reasons.ts'
import { specialRanges } from '../src/layers/guard/special-addresses.ts'
import { isForwarded } from '../src/proxy/choose.ts'
import { DEFAULT_PORTS, type ProxyScheme, readProxyUrl } from '../src/proxy/proxy-server.ts'
import { PROXY_FORMS } from '../src/proxy/setting.ts'
import { looksUpByItself } from '../src/transport/open-route.ts'
import { formatClasses, formatStrictness, readCounts } from '../test/suites/differential/report.ts'
import { failuresPage } from '../test/support/failures.ts'
import { IMPORT_TABLE } from './import-table.ts'
import { replacePart } from './replace-part.ts'

const GENERATED = '<!-- Made by `npm run docs` from the tables in src. Change the table, not this page. -->'

/** Every generated file: its path in the repository, and what belongs in it. */
export async function generateDocs(root: string): Promise<Map<string, string>> {
  const files = new Map<string, string>()
  files.set('docs/errors.md', errorsPage())
  files.set('docs/failures.md', await failuresPage())
  files.set('docs/tolerances.md', tolerancesPage())
  files.set('docs/state-machine.md', stateMachinePage())
  for (const role of ['client', 'server'] as const) {
    files.set(`docs/images/${role}-states.svg`, await drawStates(role))
  }
  const parts: [file: string, name: string, text: string][] = [
    ['docs/architecture.md', 'imports', importTable()],
    ['docs/certificates.md', 'certificate-reasons', certificateTable()],
    ['docs/certificates.md', 'handshake-reasons', handshakeTable()],
    ['docs/command.md', 'exit-codes', formatExitCodes()],
    ['docs/command.md', 'options', formatOptions()],
    ['docs/command.md', 'foreign', formatForeign()],
    ['docs/conformance.md', 'requirements', requirementsTable(root)],
    ['docs/conformance.md', 'strictness', formatStrictness()],
    ['docs/client.md', 'options', clientOptionsTable()],
    ['docs/guard.md', 'options', guardOptionsTable()],
    ['docs/guard.md', 'ranges', guardRangesTable()],
    ['docs/proxies.md', 'options', proxyFormsTable()],
    ['docs/proxies.md', 'schemes', proxySchemesTable()],
    ...(await examples(root, 'auth', 'docs/auth.md')),
    ...(await examples(root, 'client', 'docs/recipes.md')),
    ...(await examples(root, 'tutorial', 'docs/tutorial.md')),
  ]
  for (const [file, name, text] of parts) {
    const page = files.get(file) ?? (await readFile(path.join(root, file), 'utf8'))
    files.set(file, replacePart(page, name, text))
  }
  const conformance = files.get('docs/conformance.md')!
  const classes = formatClasses(readCounts(conformance))
  files.set('docs/conformance.md', replacePart(conformance, 'differential-classes', classes))
  return files
}

/** The programs of a folder of examples, each as a part of a page. */
async function examples(
  root: string,
  name: string,
  page: string,
): Promise<[file: string, name: string, text: string][]> {
  const folder = path.join(root, 'examples', name)
  const files = (await readdir(folder)).filter((file) => file.endsWith('.ts'))
  return Promise.all(
    files.map(async (file): Promise<[string, string, string]> => {
      const code = await readFile(path.join(folder, file), 'utf8')
      return [page, path.basename(file, '.ts'), `\`\`\`ts\n${code.trim()}\n\`\`\``]
    }),
  )
}

const PLACES = { both: 'client, request', client: 'client', request: 'request' } as const

function clientOptionsTable(): string {
  const rows = Object.entries(CLIENT_OPTIONS).map(([name, { where, takes, default: usual }]) => [
    `\`${name}\``,
    PLACES[where],
    takes,
    usual,
  ])
  return table(['option', 'of', 'takes', 'default'], rows)
}

// ------------------------------------------------------------------------------------------------- guard

function guardOptionsTable(): string {
  const { takes, default: usual } = CLIENT_OPTIONS.guard
  const members = Object.entries(GUARD_MEMBERS).map(([name, row]) => [`\`${name}\``, row.takes, row.default])
  return table(['option `guard`', 'takes', 'default'], [['`guard`', takes, usual], ...members])
}

function guardRangesTable(): string {
  const rows = specialRanges().map(({ range, name, source, isPublic, holdsIPv4 }) => {
    const answer = holdsIPv4 ? 'as the IPv4 address inside' : isPublic ? 'yes' : 'no'
    return [`\`${range}\``, name, source, answer]
  })
  return table(['range', 'what it is', 'by', 'let through'], rows)
}

// ------------------------------------------------------------------------------------------------ proxies

function proxyFormsTable(): string {
  const rows = PROXY_FORMS.map(({ takes, is }) => [takes, is])
  return table(['option `proxy`', 'is'], rows)
}

const SPOKEN_BY: Readonly<Record<ProxyScheme, string>> = {
  http: 'HTTP',
  https: 'HTTP over TLS; `tls` is for it, the `tls` of the client for the server',
  socks4: 'SOCKS4: IPv4 alone',
  socks4a: 'SOCKS4a',
  socks5: 'SOCKS5',
  socks5h: 'SOCKS5',
}

function proxySchemesTable(): string {
  const rows = (Object.keys(DEFAULT_PORTS) as ProxyScheme[]).map((scheme) => {
    const proxies = [readProxyUrl(`${scheme}://proxy.example`, 'the proxy')]
    const ways = (['http', 'https'] as const).map((of) =>
      isForwarded({ proxies }, of) ? 'in absolute form' : 'through a tunnel',
    )
    const where = looksUpByItself({ scheme }) ? 'by the proxy' : 'here'
    return [`\`${scheme}\``, String(DEFAULT_PORTS[scheme]), SPOKEN_BY[scheme], ...ways, where]
  })
  const head = [
    'scheme of a proxy',
    'default port',
    'is spoken to by',
    '`http` URLs',
    '`https` URLs',
    'names are looked up',
  ]
  return table(head, rows)
}

/** `|` would end a cell; a backslash in front of it is safe only where every backslash is escaped too. */
const cell = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('|', '\\|')

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.map(cell).join(' | ')} |`).join('\n')

// ------------------------------------------------------------------------------------------------ errors

/** The parent of each class, read from the classes themselves. */
function parentOf(className: string): string | undefined {
  const errorClass = (errors as Record<string, unknown>)[className]
  const parent: unknown = typeof errorClass === 'function' ? Object.getPrototypeOf(errorClass) : undefined
  return typeof parent === 'function' && parent.name !== 'Error' ? parent.name : undefined
}

function errorsPage(): string {
  const byClass = new Map<string, ErrorCode[]>()
  for (const code of Object.keys(ERRORS) as ErrorCode[]) {
    const { className } = errorRow(code)
    byClass.set(className, [...(byClass.get(className) ?? []), code])
  }
  const sections = [...byClass].map(([className, codes]) => {
    const lineage: string[] = []
    for (let name = parentOf(className); name !== undefined; name = parentOf(name))
      lineage.push(`\`${name}\``)
    const rows = codes.map((code) => [`\`${code}\``, `${errorRow(code).sentence}.`, errorRow(code).source])
    const is = lineage.length === 0 ? '' : `\nIs a ${lineage.join(', which is a ')}.\n`
    return `## ${className}\n${is}\n${table(['code', 'sentence', 'source'], rows)}\n`
  })
  return `${GENERATED}

# Errors

Everything this package raises is an \`HTTPException\`, with two exceptions: an abort rejects with \`signal.reason\`,
untouched, and a wrong argument type is a plain \`TypeError\`. So \`AbortSignal.timeout(ms)\` rejects with the platform's
\`DOMException\`, whose name is \`TimeoutError\`, too: it is not the class \`TimeoutError\` of this package, and \`instanceof\` tells
them apart. The option \`timeout\` gives the class, with its phase. A class is one decision you may take; \`error.code\` is one
rule, from the closed union \`ErrorCode\`. The cause of the system or of TLS is on \`error.cause\`.

The message of a failed exchange is made of what happened (\`error.summary\`, alone), which request it was, in which phase and after
which time, and what to try next:

\`\`\`text
The head of the response did not come in time: the headers timeout is 250 ms (GET http://api.example/items; waiting for the
response; after 251 ms). Try: a larger timeout.headers, or find out why the server takes so long.
\`\`\`

[What an error looks like](failures.md) shows more of them. Under the lines of the stack where the error was found stand
those of the program that waited for it (\`at async …\`): reads of the body included, and at no cost where nothing fails.

After a failed exchange an error also says:

| property | meaning |
| --- | --- |
| \`reused\` | an earlier exchange was made on the same connection |
| \`requestBytesWritten\` | bytes of the request, head and body, handed to the system |
| \`responseStarted\` | at least one byte of the response had come |
| \`address\` | the peer: \`host:port\`, or the path of a unix socket |
| \`phase\` | \`queue\`, \`dns\`, \`tcp\`, \`tls\`, \`proxy\`, \`connect\`, \`send\`, \`headers\`, \`body\`, \`total\`, \`minSpeed\` |
| \`mayHaveActed\` | whether the server may have acted on the request: false only where it is proven that it has not |
| \`method\` | the method of the request; none for \`connect()\` |
| \`url\` | origin and path of the request: no query, no fragment, no userinfo |
| \`elapsedMs\` | how long it took to fail: since dialling began, or since there was a connection; with a total timeout, since the call |
| \`timings\` | how long each phase took that was over then: \`queue dns connect tls headers\` |
| \`attempts\` | at the height of the client: one record for each attempt, with what was decided after it and why; what the body of a response fails with, and a \`StatusError\`, tell of those that led to it. The \`error\` of a record is not enumerable: \`inspect\` shows it in a line, and a copy of the record does not have it |
| \`context\` | at the client, the option \`context\` of the request, the same object. It is not enumerable: no message, \`inspect\` or \`JSON.stringify\` shows it |
| \`proxy\` | where no connection could be had through it: the proxy, \`host:port\` |
| \`remedy\` | where TLS refused: the option that would accept the peer; see [certificates](certificates.md) |

A \`RemoteProtocolError\` names the rule that was broken (\`rule\`), the byte in the received stream (\`offset\`) and the
offending bytes, escaped and cut (\`bytes\`). A \`DecodeError\` has how the body begins, with credentials masked, which \`inspect\` and JSON do not show. No message shows a credential, a field value, a query string or a body, but the line that broke a rule, cut; what a schema says of a body is masked where it quotes it, and names of members are shown.

${sections.join('\n')}`
}

// -------------------------------------------------------------------------------------------- tolerances

function tolerancesPage(): string {
  const tolerances = Object.entries(TOLERANCES as Readonly<Record<string, ToleranceRow>>)
  const limits = Object.entries(LIMITS as Readonly<Record<string, LimitRow>>)
  const sections = tolerances.map(
    ([name, { accepts, reason, risk }]) =>
      `### \`${name}\`\n\n${accepts}\n\n- Default: off\n- Who needs it: ${reason}\n- Risk: ${risk}\n`,
  )
  const limitRows = limits.map(([name, { default: value, unit, bounds, precedent }]) => [
    `\`${name}\``,
    `${value.toLocaleString('en')} ${unit}`,
    bounds,
    precedent,
  ])
  return `${GENERATED}

# Tolerances and limits

The engine is strict wherever a byte decides where a message ends, or which message it belongs to, and tolerant where a
byte is only shown. What may be read less strictly has a name here and is off by default; \`httplib-ts/python\` turns on
\`bareLf\`, \`spaceBeforeColon\`, \`chunkSizePadding\`, \`identityWithLength\` and \`foldedValues\`, as Python reads and writes, and
\`http09\` where \`strict: 0\` is given. None of them moves framing but \`identityWithLength\`, after which the connection is closed.
HTTP/0.9 is never the answer to CONNECT. What was let through is listed in \`response.defects\`.

\`\`\`ts
import { HTTPConnection } from 'httplib-ts'

const conn = new HTTPConnection('old-camera.example', 80, { tolerances: { bareLf: true } })
\`\`\`

## Tolerances

${sections.join('\n')}
## Limits

All are options (\`limits: { maxFields: 200 }\`); \`Infinity\` lifts one. Past a limit the connection is closed with
\`LimitExceeded\`, which names the limit; \`LineTooLong\` is one of its kind. Memory grows with what was received and
allowed, never with what was declared.

${table(['limit', 'default', 'bounds', 'elsewhere'], limitRows)}
`
}

// ---------------------------------------------------------------------------------------------- states

const EVENT_NAMES: Readonly<Record<string, string>> = {
  'request-seen': 'request of the client',
  failed: 'broke the rules',
}

/** The edges of one role: by event, and, dashed, by the states of both sides. */
function drawEdges(role: Role): string[] {
  const edges = new Map<string, string[]>()
  for (const [from, row] of Object.entries(TRANSITIONS[role])) {
    for (const [event, to] of Object.entries(row)) {
      // Every state can fail and none is left by it: the arrows would hide the rest.
      if (event === 'failed') continue
      const key = `"${from}" -> "${to}"`
      edges.set(key, [...(edges.get(key) ?? []), EVENT_NAMES[event] ?? event])
    }
  }
  const solid = [...edges].map(([key, events]) => `${key} [label="${events.join('\\n')}"]`)
  const other: Role = role === 'client' ? 'server' : 'client'
  const dashed = JOINT_TRANSITIONS.flatMap((row) => {
    const to = row.to[role]
    const from = row[role]
    if (to === undefined || from === undefined) return []
    const facts = [row[other] === undefined ? [] : [`${other} ${row[other]}`], row.when ?? []].flat()
    return [
      `"${from}" -> "${to}" [style=dashed, color="#7a5c9e", fontcolor="#7a5c9e", label="${facts.join('\\n')}"]`,
    ]
  })
  return [...solid, ...dashed]
}

async function drawStates(role: Role): Promise<string> {
  const graph = `digraph {
    rankdir=LR; bgcolor=white; nodesep=0.35; ranksep=0.7; pad=0.2
    node [shape=box, style="rounded,filled", fillcolor="#eef3fa", color="#33527a", fontname="sans-serif", fontsize=12, margin="0.2,0.08"]
    edge [fontname="sans-serif", fontsize=10, color="#33527a"]
    "idle" [fillcolor="#d8ecd8"]
    ${drawEdges(role).join('\n    ')}
  }`
  const viz = await instance()
  return viz.renderString(graph, { format: 'svg' }).replace(/<!--[^>]*-->\n?/g, '')
}

function stateMachinePage(): string {
  const states = Object.keys(TRANSITIONS.client) as State[]
  const roleTable = (role: Role): string => {
    const rows = states.flatMap((state) =>
      Object.entries(TRANSITIONS[role][state]).map(([event, to]) => [
        `\`${state}\``,
        `\`${event}\``,
        `\`${to}\``,
      ]),
    )
    return table(['state', 'event', 'next state'], rows)
  }
  const joint = JOINT_TRANSITIONS.map(({ client, server, when, to, why }) => [
    client === undefined ? 'any' : `\`${client}\``,
    server === undefined ? 'any' : `\`${server}\``,
    when ?? '',
    Object.entries(to)
      .map(([role, state]) => `${role} \`${state}\``)
      .join(', '),
    why,
  ])
  return `${GENERATED}

# The state machine of an exchange

Both sides of an exchange, whichever of them we are, obey the tables of \`src/h1/states.ts\`. Solid arrows are events; dashed arrows
follow by themselves from the states of both sides. From every state with a row \`failed\` a broken rule leads to \`error\`
(not drawn), and nothing leads out of it.

## The client's side

![States of the client's side](images/client-states.svg)

${roleTable('client')}

## The server's side

![States of the server's side](images/server-states.svg)

${roleTable('server')}

## Joint rules

Applied in this order after every change, again and again, until none matches. \`persistent\` says that the connection may
go on after this exchange; \`switch-proposed\` that a CONNECT or an Upgrade has not been answered yet.

${table(['client', 'server', 'when', 'then', 'because'], joint)}
`
}

// ------------------------------------------------------------------------------------------- certificates

function certificateTable(): string {
  const rows = Object.values(CERTIFICATE_REASONS).map(({ code, openssl, sentence, remedy }) => [
    `\`${code}\``,
    // Outside of code, angle brackets would be taken for HTML.
    sentence.replaceAll('<', '&lt;'),
    remedy,
    openssl.map((name) => `\`${name}\``).join(', '),
  ])
  return table(['code', 'the message says', 'and the option', 'in the words of OpenSSL'], rows)
}

function handshakeTable(): string {
  const rows = HANDSHAKE_REASONS.map(({ sentence, remedy }) => [sentence, remedy])
  return table(['the message says', 'and the option'], rows)
}

// ------------------------------------------------------------------------------------------- architecture

function importTable(): string {
  const rows = Object.entries(IMPORT_TABLE).map(([room, { rooms, node, nodeLazily, packages }]) => [
    `\`${room}\``,
    rooms === '*' ? 'everything' : rooms.length === 0 ? 'nothing' : rooms.join(', '),
    [
      node?.join(', ') ?? 'any that is not reserved',
      nodeLazily === undefined ? [] : `${nodeLazily.join(', ')} (types)`,
    ]
      .flat()
      .filter((text) => text !== '')
      .join('; ') || 'none',
    packages?.join(', ') ?? 'none',
  ])
  return table(['room', 'may import', 'Node modules', 'npm packages'], rows)
}

// ------------------------------------------------------------------------------------------- conformance

function requirementsTable(root: string): string {
  const script = path.join(root, 'scripts', 'requirements.mjs')
  return execFileSync(process.execPath, [script, '--markdown'], { encoding: 'utf8' })
}

// --------------------------------------------------------------------------------------------------- main

if (process.argv.includes('--write')) {
  const root = path.resolve(import.meta.dirname, '../..')
  for (const [file, text] of await generateDocs(root)) await writeFile(path.join(root, file), text)
}

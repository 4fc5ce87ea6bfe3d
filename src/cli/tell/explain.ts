/** `--explain`: what would be sent, where and why, and what would become of the answer. */

import type { Explanation } from '../../client/explain.ts'
import { formatAuthority } from '../../core/origin.ts'
import { maskField } from '../../core/redact.ts'
import { finishHead } from '../request/head.ts'
import { placeOf, readPlaces } from '../request/places.ts'
import type { Plan } from '../transfer/plan.ts'
import { RETRIED_STATUSES } from '../words/table.ts'

/** For people, in lines with their ends. */
export function explainPlan(plan: Plan, explanation: Explanation): string {
  const { destination, options, resumeFrom, resumption } = plan
  const place =
    destination.kind === 'stdout'
      ? 'standard output'
      : `${destination.path}${destination.isNamedByPeer ? ', or as Content-Disposition says' : ''}`
  const notes = [
    ...placeNotes(plan),
    `  output      ${place}`,
    ...(resumeFrom === undefined ? [] : [`  goes on     from byte ${resumeFrom}`]),
    ...(resumption === undefined || resumption.have === 0
      ? []
      : [`  goes on     from byte ${resumption.have}, if it is still the same version`]),
    ...(options.retry === undefined
      ? []
      : [`  again       up to ${options.retry} times, after timeouts and ${RETRIED_STATUSES.join(', ')}`]),
    ...(options.fail === true ? ['  fails       with 22 for a status of 400 or more'] : []),
  ]
  const told = explanation.toString().replace(ROUTE, (line) => inOwnWords(line))
  const whole = told.replace(FIELDS, () => `  fields\n${fieldLines(plan, explanation)}`)
  return `${whole}\n${notes.map((note) => `${note}\n`).join('')}`
}

/** Why a route is as it is, by the option of the client: in the words of the command. */
const ROUTE_WORDS: readonly (readonly [client: string, command: string])[] = [
  ['the function of the option proxy', 'what the options say'],
  ['the option proxy names none for this scheme', 'neither -x nor the environment names a proxy'],
  ['the option proxy is false', '-x or --noproxy says so'],
  ['the option proxy', '-x, --noproxy or the environment'],
]

function inOwnWords(text: string): string {
  const [client, command] = ROUTE_WORDS.find(([words]) => text.includes(words)) ?? ['', '']
  return text.replace(client, command)
}

/** What `--connect-to` and `--resolve` do to the place of the server. */
function placeNotes({ options, target: { url } }: Plan): string[] {
  const places = readPlaces(options)
  const place = placeOf(url)
  const bent = places.bend(place)
  const { addresses } = places.known(bent ?? place) ?? {}
  return [
    ...(bent === undefined ? [] : [`  leads to    ${formatAuthority(bent)}: --connect-to`]),
    ...(addresses === undefined ? [] : [`  is at       ${addresses.join(', ')}: --resolve`]),
  ]
}

const ROUTE = /^ {2}route .*$/m
/** What the client says of fields: the command completes the head when it goes out. */
const FIELDS = /^ {2}fields\n(?: {4}.*\n)*/m

function fieldLines({ head, method, body, options, target }: Plan, { fields }: Explanation): string {
  const carried = fields.filter(({ from }) => from !== 'protocol' && from !== 'body')
  const sources = new Map(carried.map(({ name, from }) => [name.toLowerCase(), from]))
  const complete = finishHead(
    carried.map(({ name, value }) => [name, value]),
    {
      facts: head,
      method,
      hasBody: body !== undefined,
      host: ['Host', target.url.host],
      version: options.http1_0 === true ? 10 : 11,
    },
  )
  const fromOf = (name: string): string =>
    sources.get(name.toLowerCase()) ?? (name.toLowerCase() === 'host' ? 'protocol' : 'body')
  return complete
    .map(([name, value]) => `    ${name}: ${maskField(name, value)}  (${fromOf(name)})\n`)
    .join('')
}

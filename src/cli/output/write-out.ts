/**
 * What `-w` writes after a transfer: curl's variables, as far as they mean something here. Pure. A variable that means nothing
 * here is empty or 0, as in curl for a transfer that has none.
 */

import type { X509Certificate } from 'node:crypto'
import type { FieldLine } from '../../core/fields.ts'
import { VERSION } from '../../core/version.ts'

/** What is known of a transfer that is over. Times in seconds from its beginning. */
export interface WriteOutFacts {
  readonly certs: string
  readonly content_type: string | null
  readonly errormsg: string | null
  readonly exitcode: number
  readonly filename_effective: string | null
  readonly http_code: number
  readonly http_connect: number
  readonly http_version: string
  readonly local_ip: string
  readonly local_port: number
  readonly method: string
  readonly num_certs: number
  readonly num_connects: number
  readonly num_headers: number
  readonly num_redirects: number
  readonly num_retries: number
  readonly proxy_ssl_verify_result: number
  readonly redirect_url: string | null
  readonly referer: string | null
  readonly remote_ip: string
  readonly remote_port: number
  /** Null where no connection was made. */
  readonly scheme: string | null
  readonly size_download: number
  readonly size_header: number
  readonly size_request: number
  readonly size_upload: number
  readonly ssl_verify_result: number
  readonly time_appconnect: number
  readonly time_connect: number
  readonly time_namelookup: number
  readonly time_pretransfer: number
  readonly time_redirect: number
  readonly time_starttransfer: number
  readonly time_total: number
  readonly url: string
  readonly url_effective: string
  readonly urlnum: number
  /** The fields of the last response. */
  readonly fields: readonly FieldLine[]
}

/** What is known of a URL that no request was made of. */
export function factsOfNone(
  url: string,
  urlnum: number,
  exitcode: number,
  errormsg: string | null,
): WriteOutFacts {
  return {
    certs: '',
    content_type: null,
    errormsg,
    exitcode,
    filename_effective: null,
    http_code: 0,
    http_connect: 0,
    http_version: '0',
    local_ip: '',
    local_port: 0,
    method: 'GET',
    num_certs: 0,
    num_connects: 0,
    num_headers: 0,
    num_redirects: 0,
    num_retries: 0,
    proxy_ssl_verify_result: 0,
    redirect_url: null,
    referer: null,
    remote_ip: '',
    remote_port: 0,
    scheme: null,
    size_download: 0,
    size_header: 0,
    size_request: 0,
    size_upload: 0,
    ssl_verify_result: 0,
    time_appconnect: 0,
    time_connect: 0,
    time_namelookup: 0,
    time_pretransfer: 0,
    time_redirect: 0,
    time_starttransfer: 0,
    time_total: 0,
    url,
    url_effective: url,
    urlnum,
    fields: [],
  }
}

/** `%{certs}`: what Node tells of each, in curl's words, and the certificate itself. */
export function formatCertificates(certificates: readonly X509Certificate[]): string {
  return certificates
    .map((one) =>
      [
        `Subject:${nameOf(one.subject)}`,
        `Issuer:${nameOf(one.issuer)}`,
        `Serial Number:${one.serialNumber.toLowerCase()}`,
        ...(one.subjectAltName === undefined
          ? []
          : [`X509v3 Subject Alternative Name:${one.subjectAltName}`]),
        `Start date:${one.validFrom}`,
        `Expire date:${one.validTo}`,
        one.toString(),
      ].join('\n'),
    )
    .join('')
}

/** `C=x`, `CN=y` in lines, as OpenSSL writes them in one. */
function nameOf(lines: string): string {
  return lines
    .split('\n')
    .map((one) => one.replace('=', ' = '))
    .join(', ')
}

/** Whether a text goes to standard output or standard error. */
export interface WrittenOut {
  readonly to: 'stdout' | 'stderr'
  readonly text: string
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' }
const PATTERN = /%%|%\{([^}]*)\}|%header\{([^}]*)\}|\\(.)|%./gs

/** The text, in the places it goes to. */
export function formatWriteOut(format: string, facts: WriteOutFacts): WrittenOut[] {
  const pieces: { to: WrittenOut['to']; text: string }[] = [{ to: 'stdout', text: '' }]
  const add = (text: string): void => {
    pieces.at(-1)!.text += text
  }
  let at = 0
  for (const match of format.matchAll(PATTERN)) {
    add(format.slice(at, match.index))
    at = match.index + match[0].length
    const [whole, named, header, escaped] = match
    // Capitals name the same, as in curl.
    const variable = named?.toLowerCase()
    if (whole === '%%') add('%')
    else if (escaped !== undefined) add(ESCAPES[escaped] ?? whole)
    else if (header !== undefined) add(valuesOf(facts.fields, header)[0] ?? '')
    else if (variable === undefined) add(whole)
    else if (variable === 'stdout' || variable === 'stderr') pieces.push({ to: variable, text: '' })
    else if (variable === 'onerror') {
      // What follows is for failures.
      if (facts.exitcode === 0) return pieces.filter(({ text }) => text !== '')
    } else {
      const text = variableText(variable, facts)
      if (text === undefined) {
        // Told as curl does, also with -s; what comes next goes on where it was.
        const { to } = pieces.at(-1)!
        pieces.push(
          { to: 'stderr', text: `httplib: unknown --write-out variable: '${named}'\n` },
          { to, text: '' },
        )
      } else add(text)
    }
  }
  add(format.slice(at))
  return pieces.filter(({ text }) => text !== '')
}

/** The text of a variable; undefined for an unknown one. */
function variableText(name: string, facts: WriteOutFacts): string | undefined {
  switch (name) {
    case 'json':
      return formatJson(facts)
    case 'header_json':
      return formatHeaderJson(facts.fields)
    case 'http_code':
    case 'response_code':
      return String(facts.http_code).padStart(3, '0')
    case 'http_connect':
      return String(facts.http_connect).padStart(3, '0')
    case 'speed_download':
      return String(speedOf(facts.size_download, facts))
    case 'speed_upload':
      return String(speedOf(facts.size_upload, facts))
    case 'ftp_entry_path':
      return ''
    default: {
      if (name === 'fields' || !Object.hasOwn(facts, name)) return partOfUrl(name, facts)
      const value = facts[name as keyof WriteOutFacts] as string | number | null
      return name.startsWith('time_') ? (value as number).toFixed(6) : String(value ?? '')
    }
  }
}

/** `url.host`, `urle.path` and their kin, of newer curls. */
function partOfUrl(name: string, facts: WriteOutFacts): string | undefined {
  const [, which, part] =
    /^(urle?)\.(scheme|host|port|path|query|fragment|user|password|options|zoneid)$/.exec(name) ?? []
  if (part === undefined) return undefined
  const text = which === 'url' ? facts.url : facts.url_effective
  const whole = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`
  if (!URL.canParse(whole)) return ''
  const url = new URL(whole)
  const parts: Readonly<Record<string, string>> = {
    scheme: url.protocol.slice(0, -1),
    host: url.hostname,
    port: url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port,
    path: url.pathname,
    query: url.search.slice(1),
    fragment: url.hash.slice(1),
    user: url.username,
    password: url.password,
  }
  return parts[part] ?? ''
}

function speedOf(bytes: number, { time_total: seconds }: WriteOutFacts): number {
  return seconds > 0 ? Math.round(bytes / seconds) : 0
}

/** All variables as one object, in curl's order. */
function formatJson(facts: WriteOutFacts): string {
  const { fields: _fields, http_code, num_retries: _retries, ...rest } = facts
  const whole: Record<string, unknown> = {
    ...rest,
    http_code,
    response_code: http_code,
    ftp_entry_path: null,
    speed_download: speedOf(facts.size_download, facts),
    speed_upload: speedOf(facts.size_upload, facts),
  }
  const members = Object.keys(whole)
    .sort()
    .map((name) => `"${name}":${jsonOf(name, whole[name])}`)
  return `{${members.join(',')},"curl_version":${JSON.stringify(`httplib/${VERSION}`)}}`
}

function jsonOf(name: string, value: unknown): string {
  return name.startsWith('time_') ? (value as number).toFixed(6) : JSON.stringify(value)
}

/** The fields of the response, each name once, in lower case, with the list of its values. */
function formatHeaderJson(fields: readonly FieldLine[]): string {
  const names = [...new Set(fields.map(([name]) => name.toLowerCase()))]
  const members = names.map((name) => `${JSON.stringify(name)}:${JSON.stringify(valuesOf(fields, name))}`)
  return `{${members.join(',\n')}\n}`
}

function valuesOf(fields: readonly FieldLine[], name: string): string[] {
  return fields.filter(([one]) => one.toLowerCase() === name.toLowerCase()).map(([, value]) => value)
}

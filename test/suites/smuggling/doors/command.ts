// The doors of the command `httplib`: its words and options, and the request that they stand for.

import type { Parts } from '../attempt.ts'
import { type Door, type Expected, expectRequest } from '../door.ts'
import { type LineRecipe, meanings, text } from '../recipes.ts'

/** A door of the command: which words it is given. */
export interface CommandDoor extends Omit<Door, 'open'> {
  readonly words: (parts: Parts, port: number) => string[]
}

const textOf = (recipe: Parts['method']): string => meanings(recipe)[0] ?? ''

/** `-H` of each line, as the manual has it: `Name: value`. */
function headerWords({ fields }: Parts): string[] {
  return fields.lines.flatMap(([name, value]) => ['-H', `${textOf(name)}: ${textOf(value)}`])
}

/** A word of capital letters before the URL is the method; any other would be another URL. */
function methodWords({ method }: Parts): string[] {
  const word = textOf(method)
  return /^[A-Z]+$/.test(word) ? [word] : ['-X', word]
}

function isHost([name]: LineRecipe): boolean {
  return textOf(name).toLowerCase() === 'host'
}

/** What `-H "Name: value"` means: cut at the first colon, without white space at the ends, UTF-8, and none where it is empty. */
function headerMeanings({ fields }: Parts): LineRecipe[] {
  const lines = fields.lines.flatMap(([name, value]): LineRecipe[] => {
    const word = `${textOf(name)}: ${textOf(value)}`
    const colon = word.indexOf(':')
    const sent = Buffer.from(word.slice(colon + 1).trim()).toString('latin1')
    return sent === '' ? [] : [[text(word.slice(0, colon)), text(sent)]]
  })
  // Host goes first.
  return [...lines.filter(isHost), ...lines.filter((line) => !isHost(line))]
}

/**
 * The request target of a URL: what was written behind the host, without a fragment and without segments of dots, and with
 * what is no ASCII as percent-encoded UTF-8 (curl sends its bytes).
 */
function targetOf(written: string): string {
  const [path = '', query] = written.replace(/#.*$/s, '').split(/(?=\?)(.*)/s)
  const sent = `${removeDotSegments(`/${path}`)}${query ?? ''}`
  return sent.replace(/[^\x21-\x7e]+/g, (odd) => encodeURIComponent(odd))
}

/** RFC 3986 §5.2.4, by its own steps. */
function removeDotSegments(path: string): string {
  let [input, output] = [path, '']
  while (input !== '') {
    if (/^\/\.(?:\/|$)/.test(input)) input = `/${input.slice(3)}`
    else if (/^\/\.\.(?:\/|$)/.test(input)) {
      input = `/${input.slice(4)}`
      output = output.replace(/\/?[^/]*$/, '')
    } else {
      const [segment = ''] = /^\/?[^/]*/.exec(input) ?? []
      output += segment
      input = input.slice(segment.length)
    }
  }
  return output
}

function expectCommand(
  parts: Parts,
  changes: Partial<Expected>,
  additions: Record<string, (value: string) => boolean>,
): Expected {
  const body = parts.body.form === 'none' ? '' : Buffer.from(parts.body.text).toString('latin1')
  return expectRequest(parts, {
    fields: [headerMeanings(parts)],
    body,
    additions: new Map(
      Object.entries({
        host: (value: string) => /^127\.0\.0\.1:\d+$/.test(value),
        'user-agent': (value: string) => /^httplib\/[\d.]+$/.test(value),
        accept: (value: string) => value === '*/*',
        'content-length': (value: string) => value === String(body.length),
        'content-type': (value: string) => value === 'application/x-www-form-urlencoded',
        ...additions,
      }),
    ),
    ...changes,
  })
}

/** The bytes of a text, one character for each. */
function utf8(text: string): string {
  return Buffer.from(text).toString('latin1')
}

/** A credential as it must be sent; any other, or none of a credential, is another request. */
function isBasic(credential: string): (value: string) => boolean {
  return (value) => value === `Basic ${Buffer.from(credential).toString('base64')}`
}

/** As it stands where its percent signs encode nothing. */
function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

const origin = (port: number): string => `http://127.0.0.1:${port}`

export const COMMAND_DOORS: readonly CommandDoor[] = [
  {
    name: 'httplib METHOD URL -H',
    slots: ['method', 'fields'],
    escapes: ['no-host'],
    words: (parts, port) => [...methodWords(parts), `${origin(port)}/a`, ...headerWords(parts)],
    // Without a name -X has none to give: the method is what it would be without it, as in curl.
    expects: (parts) => [
      expectCommand(
        parts,
        textOf(parts.method) === '' ? { targets: ['/a'], methods: ['GET'] } : { targets: ['/a'] },
        {},
      ),
    ],
  },
  {
    name: 'httplib -X -d -A URL',
    slots: ['method', 'body', 'agent'],
    words: (parts, port) => [
      '-X',
      textOf(parts.method),
      ...(parts.body.form === 'none' ? [] : ['-d', parts.body.text]),
      '-A',
      textOf(parts.agent),
      `${origin(port)}/a`,
    ],
    expects: (parts) => [
      expectCommand(
        parts,
        { targets: ['/a'], fields: [[]] },
        { 'user-agent': (value) => value === utf8(textOf(parts.agent)).replace(/^[\t ]+|[\t ]+$/g, '') },
      ),
    ],
  },
  {
    name: 'httplib URL',
    slots: ['target'],
    words: (parts, port) => [`${origin(port)}/${textOf(parts.target)}`],
    expects: (parts) => [
      expectCommand(parts, { methods: ['GET'], targets: [targetOf(textOf(parts.target))], fields: [[]] }, {}),
    ],
  },
  {
    name: 'httplib -u',
    slots: ['user'],
    words: (parts, port) => ['-u', textOf(parts.user), `${origin(port)}/a`],
    expects: (parts) => [
      expectCommand(
        parts,
        { methods: ['GET'], targets: ['/a'], fields: [[]] },
        { authorization: isBasic(textOf(parts.user)) },
      ),
    ],
  },
  {
    name: 'httplib -p -x with a user',
    slots: ['user', 'tunnelHost', 'fields'],
    escapes: ['no-host'],
    stage: { switching: 'tunnel' },
    words: (parts, port) => [
      '-p',
      '-x',
      `http://${encodeURIComponent(textOf(parts.user)).replace('%3A', ':')}@127.0.0.1:${port}`,
      `http://${textOf(parts.tunnelHost)}/a`,
      ...headerWords(parts),
    ],
    expects(parts) {
      const url = new URL(`http://${textOf(parts.tunnelHost)}/a`)
      const authority = `${url.hostname}:${url.port === '' ? 80 : url.port}`
      const asked = { methods: ['CONNECT'], targets: [authority], fields: [[]], body: '' }
      const user = textOf(parts.user)
      const additions = {
        'proxy-authorization': isBasic(user.includes(':') ? user : `${user}:`),
        host: (value: string) => value === authority,
      }
      const userinfo = [url.username, url.password].map(decode).join(':')
      return [
        expectCommand(parts, asked, additions),
        expectCommand(
          parts,
          { methods: ['GET'], targets: [url.pathname + url.search] },
          { host: (value) => value === url.host, authorization: isBasic(userinfo) },
        ),
      ]
    },
  },
]

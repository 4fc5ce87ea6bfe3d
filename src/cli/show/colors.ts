/**
 * Whether and how to colour what a stream shows. NO_COLOR (no-color.org) wins over FORCE_COLOR; without either, terminals
 * get colours and pipes do not.
 */

/** Functions that wrap a text in the codes of a colour, or leave it as it is. */
export type Colors = Readonly<Record<keyof typeof CODES, (text: string) => string>>

/** What is asked of a stream. */
export interface MaybeTerminal {
  readonly isTTY?: boolean | undefined
}

/** On and off, as ECMA-48 numbers them: those of eight colours, which every terminal has. */
const CODES = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  blue: [34, 39],
  magenta: [35, 39],
  cyan: [36, 39],
} as const

/** Whether text on this stream is to be coloured. */
export function wantsColors(
  stream: MaybeTerminal,
  env: Readonly<Record<string, string | undefined>>,
): boolean {
  const { NO_COLOR: no = '', FORCE_COLOR: force = '', TERM: terminal = '' } = env
  if (no !== '') return false
  if (force !== '') return force !== '0'
  return stream.isTTY === true && terminal !== 'dumb'
}

/** The colours, or functions that leave a text as it is. */
export function makeColors(areOn: boolean): Colors {
  const entries = Object.entries(CODES).map(([name, [on, off]]) => [
    name,
    areOn ? (text: string) => wrap(text, `\u001b[${on}m`, `\u001b[${off}m`) : (text: string) => text,
  ])
  return Object.fromEntries(entries) as Colors
}

/** A colour inside of another one ends it: it is begun again after it. */
function wrap(text: string, on: string, off: string): string {
  if (text === '') return ''
  return `${on}${text.includes(off) ? text.replaceAll(off, `${off}${on}`) : text}${off}`
}

/** The colours for a stream. */
export function colorsFor(
  stream: MaybeTerminal,
  env: Readonly<Record<string, string | undefined>>,
  areWanted = true,
): Colors {
  return makeColors(areWanted && wantsColors(stream, env))
}

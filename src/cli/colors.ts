/**
 * Whether and how to colour what a stream shows. NO_COLOR (no-color.org) wins over FORCE_COLOR; without either, terminals
 * get colours and pipes do not.
 */

import pico from 'picocolors'

/** Functions that wrap a text in the codes of a colour, or leave it as it is. */
export type Colors = ReturnType<typeof pico.createColors>

/** What is asked of a stream. */
export interface MaybeTerminal {
  readonly isTTY?: boolean | undefined
}

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

/** The colours for a stream. */
export function colorsFor(stream: MaybeTerminal, env: Readonly<Record<string, string | undefined>>): Colors {
  return pico.createColors(wantsColors(stream, env))
}

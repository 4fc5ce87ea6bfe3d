/** Basic authentication: RFC 7617. Pure. */

/** A user and the password. */
export interface UserPassword {
  readonly user: string
  readonly password: string
}

/** CTL of RFC 5234: in neither part (RFC 7617 §2). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are looked for
const CONTROL = /[\x00-\x1f\x7f]/

/** What is wrong with a user and a password, for any scheme; undefined where nothing is. No value is in it. */
export function faultOfPair({ user, password }: UserPassword): string | undefined {
  if (CONTROL.test(user)) return 'the user has a control character in it'
  if (CONTROL.test(password)) return 'the password has a control character in it'
  return undefined
}

/** The same for Basic, where the first colon ends the user. */
export function faultOfBasic(pair: UserPassword): string | undefined {
  if (pair.user.includes(':')) return 'the user has a colon in it, which Basic cannot send'
  return faultOfPair(pair)
}

/**
 * The value of an Authorization or Proxy-Authorization field. In UTF-8, in the form NFC, whether or not the challenge says
 * `charset="UTF-8"` (§2.1): what is sent ahead knows no challenge, and both have to be the same.
 */
export function basicValue({ user, password }: UserPassword): string {
  return `Basic ${Buffer.from(`${user}:${password}`.normalize('NFC')).toString('base64')}`
}

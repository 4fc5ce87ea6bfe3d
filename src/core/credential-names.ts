/**
 * What names a credential: of a field, of a parameter (of a query, a form, a JSON object), of an element. Names are judged word by
 * word, so that `X-Vault-Token` and `X-Amz-Signature` need no list, and `Author` is no `auth`.
 */

/** Words that make a name the name of a credential. */
const WORDS: ReadonlySet<string> = new Set(
  (
    'auth oauth xauth authentication authenticate authorization authorisation bearer dpop jwt ' +
    'key keys hmac sig otp totp pwd pass sid'
  ).split(' '),
)
/** Ends of words that do: `accesstoken`, `PHPSESSID`. */
const ENDINGS: readonly string[] = (
  'token secret secrets password passwords passwd passphrase passcode session sessionid sessid credential credentials signature ' +
  'apikey appkey authkey accesskey accesskeyid secretkey privatekey sharedkey masterkey userkey clientkey subscriptionkey authorization'
).split(' ')
/** Names that no word betrays, or only the whole. */
const NAMES: ReadonlySet<string> = new Set(
  'cookie cookie2 set-cookie set-cookie2 x-amzn-oidc-data client-assertion assertion code-verifier device-code samlresponse samlrequest'.split(
    ' ',
  ),
)
/** Names whose words say too much: what they hold is public by its definition. */
const PUBLIC_NAMES: ReadonlySet<string> = new Set([
  'access-control-allow-credentials',
  'idempotency-key',
  'public-key-pins',
  'public-key-pins-report-only',
  'sec-websocket-key',
  'surrogate-key',
  'x-cache-key',
])
/** Challenges: scheme and parameters are what one wants to see, a token is not. */
export const CHALLENGES: ReadonlySet<string> = new Set(['www-authenticate', 'proxy-authenticate'])

/** Between the words of a name: punctuation; and perhaps, where letter case means something, the hump of a camel. */
const BETWEEN_WORDS = /[^A-Za-z0-9]+/
const BETWEEN_HUMPS = /(?<=[a-z0-9])(?=[A-Z])/
/** No name that means something is longer. */
export const MAX_NAME_CHARS = 128

/** Whether a field, or a parameter, of that name holds a credential. In any letter case. */
export function isCredentialName(name: string): boolean {
  const lower = name.toLowerCase().replaceAll('_', '-')
  if (PUBLIC_NAMES.has(lower) || CHALLENGES.has(lower)) return false
  // Security: too long to be judged, it may hold anything.
  if (NAMES.has(lower) || name.length > MAX_NAME_CHARS) return true
  const words = name.split(BETWEEN_WORDS)
  return words.some((word) => isCredentialWord(word) || word.split(BETWEEN_HUMPS).some(isCredentialWord))
}

function isCredentialWord(word: string): boolean {
  const lower = word.toLowerCase().replace(/[0-9]{1,4}$/, '')
  return WORDS.has(lower) || ENDINGS.some((ending) => lower.endsWith(ending))
}

/** Whether a name is that of a field that holds one, and no word of a sentence: `the token: expected a digit`. */
export function isCredentialField(name: string): boolean {
  const lower = name.toLowerCase()
  return lower.includes('-') || NAMES.has(lower) || lower.endsWith('authorization')
}

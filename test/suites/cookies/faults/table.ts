// Deliberate faults in cookies and HSTS: each takes something away that a rule rests on. The sequences must catch every one of
// them within a number that is written beside it.

import type { Fault } from '../../../support/fault-hunt.ts'

const READ = 'cookies/set-cookie.js'
const JAR = 'cookies/jar.js'
const STORE = 'cookies/bounded-store.js'
const FIELD = 'layers/cookies/cookie-field.js'
const LAYER = 'layers/cookies/cookies.js'
const POLICY = 'layers/hsts/policy.js'
const HSTS = 'layers/hsts/hsts.js'

const rows: readonly (readonly [does: string, file: string, find: string, replace: string])[] = [
  ['lets Expires win over Max-Age', READ, 'maxAge ?? expires', 'expires ?? maxAge'],
  [
    'ends a value at its second equals sign',
    READ,
    'trim(pair.slice(equals + 1))',
    "trim(pair.split('=')[1])",
  ],
  [
    'takes the last byte of UTF-8 for white space',
    READ,
    'function trim(text) {',
    'function trim(text) { text = text.trim();',
  ],
  ['keeps cookies of any size', READ, 'name.length + value.length > MAX_PAIR_BYTES', 'false'],
  ['looks at no Domain', READ, "if (domain !== '') said.domain = domain;", ''],
  ['looks at no Path', READ, "said.path = value.startsWith('/') ? value : undefined;", ''],
  ['takes names of attributes by their letter case', READ, '.toLowerCase(); const text', '; const text'],
  [
    'lets a cookie in the clear hide a secure one',
    JAR,
    "place.protocol === 'https:' || cookie.secure",
    'true',
  ],
  [
    'keeps secure cookies that came in the clear',
    JAR,
    "prefixSecurity: 'strict'",
    'enforceSecureOriginOnStorage: false',
  ],
  ['compares paths that it has decoded', JAR, "pathname: pathname.replaceAll('%', '%25')", 'pathname'],
  ['sends a cookie again that is gone', JAR, 'known.changes !== store.changes', 'false'],
  ['sends the cookies of a host to no host below it', STORE, 'if (dot < 0)', 'if (true)'],
  ['has one cookie for all paths', STORE, '`${path}\\n${name}`', 'name'],
  [
    'reads all Set-Cookie fields as one',
    FIELD,
    "fieldValues(fields, 'set-cookie')",
    "[fieldValues(fields, 'set-cookie').join(', ')]",
  ],
  [
    'reads the first Set-Cookie field alone',
    FIELD,
    "fieldValues(fields, 'set-cookie')",
    "fieldValues(fields, 'set-cookie').slice(0, 1)",
  ],
  ['asks the jar for the path /', FIELD, "return target.startsWith('/') ? target : '/';", "return '/';"],
  [
    'keeps no cookies after a response that has set none',
    LAYER,
    'if (fields === silent)',
    'if (silent !== undefined)',
  ],
  [
    'notes what came over a certificate that was let through',
    HSTS,
    'tls?.isVerified === true',
    'tls !== undefined',
  ],
  [
    'notes what came in the clear',
    HSTS,
    '!isPlain(request) && response.connection?.tls?.isVerified === true',
    'true',
  ],
  ['keeps a host that has said max-age=0', HSTS, '? store.delete(host)', '? undefined'],
  [
    'takes a policy for all names below, asked or not',
    POLICY,
    'of === host || policy.includeSubDomains',
    'true',
  ],
  ['takes no policy for the names below', POLICY, 'of === host || policy.includeSubDomains', 'of === host'],
  ['applies a policy that has ended', POLICY, '!(policy.expiresAtMs > nowMs)', 'false'],
  ['knows addresses', POLICY, "isAddress || name === ''", "name === ''"],
  ['reads a field that has a directive twice', POLICY, '|| seen.has(key)', ''],
  [
    'takes another port than 443 off',
    POLICY,
    "new URL(`https:${url.href.slice('http:'.length)}`)",
    'new URL(`https://${url.hostname}/`)',
  ],
  [
    'asks a known host over http',
    HSTS,
    'next(known === undefined ? request : upgraded(request, options))',
    'next(request)',
  ],
]

export const FAULTS: readonly Fault[] = rows.map(([does, file, find, replace]) => ({
  does,
  file,
  find,
  replace,
  // Few sequences set the same cookie over https and then in the clear.
  within: does.includes('hide a secure') ? 5_000 : 1_000,
}))

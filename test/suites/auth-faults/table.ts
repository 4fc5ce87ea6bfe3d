// Deliberate faults of authentication: each takes away one rule of section "what a hop may carry", of a scheme, or of the order in
// which credentials count. The tests of authentication must catch every one of them.

import type { Fault } from '../../support/fault-hunt.ts'

const LAYER = 'layers/auth/layer.js'
const MEMORY = 'layers/auth/memory.js'
const QUESTION = 'layers/auth/question.js'
const DECIDE = 'layers/auth/decide.js'
const SPACES = 'layers/auth/spaces.js'
const TOKENS = 'layers/auth/tokens.js'
const OPTION = 'layers/auth/option.js'
const REDIRECT = 'layers/redirect.js'
const REQUEST = 'client/make-request.js'
const DIGEST = 'auth/digest.js'
const CHALLENGE = 'auth/challenge.js'
const ANSWER = 'auth/answer.js'
/** All tests of authentication, in whatever order. */
const ALL = 400

export const FAULTS: readonly Fault[] = [
  // Whom credentials are sent to.
  {
    does: 'takes credentials along to another origin',
    file: REDIRECT,
    find: "if (hop.fields !== 'listed' || settings?.auth === undefined)",
    replace: 'if (true)',
    within: ALL,
  },
  {
    does: 'sends the credentials of a client to an origin that is not that of its baseUrl',
    file: REQUEST,
    find: '(auth.origin === undefined || auth.origin === origin.prefix)',
    replace: 'true',
    within: ALL,
  },
  {
    does: 'looks a redirected host up in the netrc file',
    file: LAYER,
    find: 'const { origin } = this.#request.first ?? this.#request;',
    replace: 'const { origin } = this.#request;',
    within: ALL,
  },
  {
    does: 'remembers a Digest space for all origins',
    file: SPACES,
    find: 'return JSON.stringify([origin, user, password]);',
    replace: 'return JSON.stringify([user, password]);',
    within: ALL,
  },
  // Which credentials count.
  {
    does: 'sends its own beside an Authorization field',
    file: LAYER,
    find: 'if (auth === undefined || auth === false || hasOwn(request))',
    replace: 'if (auth === undefined || auth === false)',
    within: ALL,
  },
  {
    does: 'takes the URL before the option',
    file: REQUEST,
    find: 'isForOrigin && auth.credentials.length > 0 ? auth',
    replace: 'isForOrigin && auth.credentials.length > 0 && inUrl === undefined ? auth',
    within: ALL,
  },
  {
    does: 'uses the credentials of a URL although auth is false',
    file: REQUEST,
    find: 'if (auth === false || (auth === undefined && inUrl === undefined))',
    replace: 'if (inUrl === undefined && !auth)',
    within: ALL,
  },
  {
    does: 'sends the first of a list ahead',
    file: OPTION,
    find: "const ahead = read.length === 1 && first?.scheme !== 'digest' ? first : undefined;",
    replace: "const ahead = first?.scheme !== 'digest' ? first : undefined;",
    within: ALL,
  },
  // After a refusal.
  {
    does: 'sends refused credentials again',
    file: DECIDE,
    find: 'const refused = [...facts.refused, ...refusedNow(facts)];',
    replace: 'const refused = facts.staleCount > 5 ? [...facts.refused] : [];',
    within: ALL,
  },
  {
    does: 'sends a password that was refused by a weaker scheme',
    file: DECIDE,
    find: 'return isJudged ? credentials.filter((one) => isSamePair(one, credential)) : [credential];',
    replace: 'return [credential];',
    within: ALL,
  },
  {
    does: 'follows stale nonces without end',
    file: DECIDE,
    find: 'facts.staleCount < MAX_STALE',
    replace: 'facts.staleCount < 100',
    within: ALL,
  },
  {
    does: 'does not follow a stale nonce',
    file: DECIDE,
    find: 'if (stale !== undefined && facts.staleCount < MAX_STALE)',
    replace: 'if (false)',
    within: ALL,
  },
  {
    does: 'refreshes a token for each request that was refused',
    file: TOKENS,
    find: 'return held === undefined || held === refused ? this.#ask(source) : held;',
    replace: 'return this.#ask(source);',
    within: ALL,
  },
  {
    does: 'refreshes a token again and again',
    file: LAYER,
    find: 'const canRefresh = !this.#refreshed.has(credential);',
    replace: 'const canRefresh = this.#earlier.length < 50;',
    within: ALL,
  },
  {
    does: 'keeps a token that could not be had',
    file: TOKENS,
    find: 'if (this.#held.get(source) === asked) this.#held.delete(source);',
    replace: '',
    within: ALL,
  },
  {
    does: 'waits for a token although the request was called off',
    file: 'layers/pause.js',
    find: 'if (signal !== undefined) listenForAbort(signal, onAbort);',
    replace: '',
    within: ALL,
  },
  {
    does: 'takes a nonce that was dropped without stale for a wrong password',
    file: DECIDE,
    find: 'if (isAhead && other !== undefined)',
    replace: 'if (false)',
    within: ALL,
  },
  {
    does: 'keeps a token that was refused with a body that can be sent once',
    file: TOKENS,
    find: 'if (this.#held.get(source) === refused) this.#held.delete(source);',
    replace: 'if (false) this.#held.delete(source);',
    within: ALL,
  },
  // Bodies.
  {
    does: 'spends a body that can be sent once on the question',
    file: QUESTION,
    find: 'return ahead === undefined;',
    replace: 'return false;',
    within: ALL,
  },
  {
    does: 'sends what is left of a spent body',
    file: LAYER,
    find: 'if (this.#isSpent())',
    replace: 'if (false)',
    within: ALL,
  },
  {
    does: 'leaves the body of a refusal unread',
    file: LAYER,
    find: 'response.abandon(); closeBody',
    replace: 'closeBody',
    within: ALL,
  },
  {
    does: 'sends the body after a question that the server has failed at',
    file: LAYER,
    find: 'if (!isJudged(asked.status))',
    replace: 'if (false)',
    within: ALL,
  },
  // Digest.
  {
    does: 'begins the count of a nonce again with each request',
    file: DIGEST,
    find: 'const count = (this.#counts.get(nonce) ?? 0) + 1;',
    replace: 'const count = 1;',
    within: ALL,
  },
  {
    does: 'makes a session of its own for each challenge with one nonce',
    file: SPACES,
    find: 'if (known !== undefined) return known.session;',
    replace: '',
    within: ALL,
  },
  {
    does: 'sends one cnonce for ever',
    file: DIGEST,
    find: 'const cnonce = this.#sessionCnonce ?? this.#makeCnonce();',
    replace: "const cnonce = this.#sessionCnonce ?? 'c';",
    within: ALL,
  },
  {
    does: 'ignores nextnonce',
    file: MEMORY,
    find: 'if (nonce !== undefined) session.useNonce(nonce, answer.order);',
    replace: '',
    within: ALL,
  },
  {
    does: 'believes any rspauth',
    file: MEMORY,
    find: 'if (proof !== undefined && proof !== answer.rspauth)',
    replace: 'if (false)',
    within: ALL,
  },
  {
    does: 'ignores the domain of a challenge',
    file: SPACES,
    find: "if (domain === '') return () => true;",
    replace: 'return () => true;',
    within: ALL,
  },
  {
    does: 'takes MD5 where SHA-256 is offered',
    file: ANSWER,
    find: '.sort((a, b) => b.rank - a.rank)',
    replace: '',
    within: ALL,
  },
  {
    does: 'answers with another algorithm than it names',
    file: DIGEST,
    find: "['sha-512-256', 'sha512-256', false]",
    replace: "['sha-512-256', 'sha256', false]",
    within: ALL,
  },
  {
    does: 'does not escape quotation marks',
    file: DIGEST,
    find: "text.replace(/[\"\\\\]/g, '\\\\$&')",
    replace: 'text',
    within: ALL,
  },
  // Challenges.
  {
    does: 'takes a comma in a quoted string for the end of a parameter',
    file: CHALLENGE,
    find: "if (text[i] === '\"')",
    replace: "if (text[i] === '\"' || text[i] === ',')",
    within: ALL,
  },
  {
    does: 'takes the last of two parameters with one name',
    file: CHALLENGE,
    find: '.filter(({ twice }) => twice === undefined)',
    replace: '',
    within: ALL,
  },
  {
    does: 'lets a control character into a quoted string',
    file: CHALLENGE,
    find: 'if (character === undefined || !QUOTABLE.test(character))',
    replace: 'if (character === undefined)',
    within: ALL,
  },
  // What may be sent, and shown.
  {
    does: 'lets a line end into a token',
    file: 'auth/bearer.js',
    find: 'return TOKEN.test(text);',
    replace: 'return true;',
    within: ALL,
  },
  {
    does: 'lets a control character into userinfo and a colon into a user',
    file: 'auth/basic.js',
    find: "if (pair.user.includes(':'))",
    replace: 'if (false)',
    within: ALL,
  },
  {
    does: 'shows a password in the settings of a request',
    file: OPTION,
    find: 'Object.defineProperty(shown, name, { value });',
    replace: 'Object.assign(shown, { [name]: value });',
    within: ALL,
  },
]

/**
 * `HTTPStatus` of Python's module `http`: each status code with its name, phrase and description. Python's members are integers
 * and objects at once, which JavaScript has not: here they are objects that compare as numbers with `==`, `<` and in `switch`
 * by their `value`. What a response has in `status` is a number, and so are the constants of this module.
 */

/** Value → name, phrase, description, as in Python 3.13. */
const ROWS: ReadonlyMap<number, readonly [name: string, phrase: string, description: string]> = new Map([
  [100, ['CONTINUE', 'Continue', 'Request received, please continue']],
  [101, ['SWITCHING_PROTOCOLS', 'Switching Protocols', 'Switching to new protocol; obey Upgrade header']],
  [102, ['PROCESSING', 'Processing', '']],
  [103, ['EARLY_HINTS', 'Early Hints', '']],
  [200, ['OK', 'OK', 'Request fulfilled, document follows']],
  [201, ['CREATED', 'Created', 'Document created, URL follows']],
  [202, ['ACCEPTED', 'Accepted', 'Request accepted, processing continues off-line']],
  [203, ['NON_AUTHORITATIVE_INFORMATION', 'Non-Authoritative Information', 'Request fulfilled from cache']],
  [204, ['NO_CONTENT', 'No Content', 'Request fulfilled, nothing follows']],
  [205, ['RESET_CONTENT', 'Reset Content', 'Clear input form for further input']],
  [206, ['PARTIAL_CONTENT', 'Partial Content', 'Partial content follows']],
  [207, ['MULTI_STATUS', 'Multi-Status', '']],
  [208, ['ALREADY_REPORTED', 'Already Reported', '']],
  [226, ['IM_USED', 'IM Used', '']],
  [300, ['MULTIPLE_CHOICES', 'Multiple Choices', 'Object has several resources -- see URI list']],
  [301, ['MOVED_PERMANENTLY', 'Moved Permanently', 'Object moved permanently -- see URI list']],
  [302, ['FOUND', 'Found', 'Object moved temporarily -- see URI list']],
  [303, ['SEE_OTHER', 'See Other', 'Object moved -- see Method and URL list']],
  [304, ['NOT_MODIFIED', 'Not Modified', 'Document has not changed since given time']],
  [305, ['USE_PROXY', 'Use Proxy', 'You must use proxy specified in Location to access this resource']],
  [307, ['TEMPORARY_REDIRECT', 'Temporary Redirect', 'Object moved temporarily -- see URI list']],
  [308, ['PERMANENT_REDIRECT', 'Permanent Redirect', 'Object moved permanently -- see URI list']],
  [400, ['BAD_REQUEST', 'Bad Request', 'Bad request syntax or unsupported method']],
  [401, ['UNAUTHORIZED', 'Unauthorized', 'No permission -- see authorization schemes']],
  [402, ['PAYMENT_REQUIRED', 'Payment Required', 'No payment -- see charging schemes']],
  [403, ['FORBIDDEN', 'Forbidden', 'Request forbidden -- authorization will not help']],
  [404, ['NOT_FOUND', 'Not Found', 'Nothing matches the given URI']],
  [405, ['METHOD_NOT_ALLOWED', 'Method Not Allowed', 'Specified method is invalid for this resource']],
  [406, ['NOT_ACCEPTABLE', 'Not Acceptable', 'URI not available in preferred format']],
  [
    407,
    [
      'PROXY_AUTHENTICATION_REQUIRED',
      'Proxy Authentication Required',
      'You must authenticate with this proxy before proceeding',
    ],
  ],
  [408, ['REQUEST_TIMEOUT', 'Request Timeout', 'Request timed out; try again later']],
  [409, ['CONFLICT', 'Conflict', 'Request conflict']],
  [410, ['GONE', 'Gone', 'URI no longer exists and has been permanently removed']],
  [411, ['LENGTH_REQUIRED', 'Length Required', 'Client must specify Content-Length']],
  [412, ['PRECONDITION_FAILED', 'Precondition Failed', 'Precondition in headers is false']],
  [413, ['CONTENT_TOO_LARGE', 'Content Too Large', 'Content is too large']],
  [414, ['URI_TOO_LONG', 'URI Too Long', 'URI is too long']],
  [415, ['UNSUPPORTED_MEDIA_TYPE', 'Unsupported Media Type', 'Entity body in unsupported format']],
  [416, ['RANGE_NOT_SATISFIABLE', 'Range Not Satisfiable', 'Cannot satisfy request range']],
  [417, ['EXPECTATION_FAILED', 'Expectation Failed', 'Expect condition could not be satisfied']],
  [418, ['IM_A_TEAPOT', "I'm a Teapot", 'Server refuses to brew coffee because it is a teapot.']],
  [421, ['MISDIRECTED_REQUEST', 'Misdirected Request', 'Server is not able to produce a response']],
  [422, ['UNPROCESSABLE_CONTENT', 'Unprocessable Content', '']],
  [423, ['LOCKED', 'Locked', '']],
  [424, ['FAILED_DEPENDENCY', 'Failed Dependency', '']],
  [425, ['TOO_EARLY', 'Too Early', '']],
  [426, ['UPGRADE_REQUIRED', 'Upgrade Required', '']],
  [
    428,
    [
      'PRECONDITION_REQUIRED',
      'Precondition Required',
      'The origin server requires the request to be conditional',
    ],
  ],
  [
    429,
    [
      'TOO_MANY_REQUESTS',
      'Too Many Requests',
      'The user has sent too many requests in a given amount of time ("rate limiting")',
    ],
  ],
  [
    431,
    [
      'REQUEST_HEADER_FIELDS_TOO_LARGE',
      'Request Header Fields Too Large',
      'The server is unwilling to process the request because its header fields are too large',
    ],
  ],
  [
    451,
    [
      'UNAVAILABLE_FOR_LEGAL_REASONS',
      'Unavailable For Legal Reasons',
      'The server is denying access to the resource as a consequence of a legal demand',
    ],
  ],
  [500, ['INTERNAL_SERVER_ERROR', 'Internal Server Error', 'Server got itself in trouble']],
  [501, ['NOT_IMPLEMENTED', 'Not Implemented', 'Server does not support this operation']],
  [502, ['BAD_GATEWAY', 'Bad Gateway', 'Invalid responses from another server/proxy']],
  [
    503,
    [
      'SERVICE_UNAVAILABLE',
      'Service Unavailable',
      'The server cannot process the request due to a high load',
    ],
  ],
  [504, ['GATEWAY_TIMEOUT', 'Gateway Timeout', 'The gateway server did not receive a timely response']],
  [505, ['HTTP_VERSION_NOT_SUPPORTED', 'HTTP Version Not Supported', 'Cannot fulfill request']],
  [506, ['VARIANT_ALSO_NEGOTIATES', 'Variant Also Negotiates', '']],
  [507, ['INSUFFICIENT_STORAGE', 'Insufficient Storage', '']],
  [508, ['LOOP_DETECTED', 'Loop Detected', '']],
  [510, ['NOT_EXTENDED', 'Not Extended', '']],
  [
    511,
    [
      'NETWORK_AUTHENTICATION_REQUIRED',
      'Network Authentication Required',
      'The client needs to authenticate to gain network access',
    ],
  ],
])

const MEMBERS = new Map<number, HTTPStatus>()

/** A status code, with what it is called and what it means: `HTTPStatus.NOT_FOUND`, `new HTTPStatus(404)`. */
export class HTTPStatus {
  /** 100 Continue. */
  static readonly CONTINUE: HTTPStatus = new HTTPStatus(100)
  /** 101 Switching Protocols. */
  static readonly SWITCHING_PROTOCOLS: HTTPStatus = new HTTPStatus(101)
  /** 102 Processing. */
  static readonly PROCESSING: HTTPStatus = new HTTPStatus(102)
  /** 103 Early Hints. */
  static readonly EARLY_HINTS: HTTPStatus = new HTTPStatus(103)
  /** 200 OK. */
  static readonly OK: HTTPStatus = new HTTPStatus(200)
  /** 201 Created. */
  static readonly CREATED: HTTPStatus = new HTTPStatus(201)
  /** 202 Accepted. */
  static readonly ACCEPTED: HTTPStatus = new HTTPStatus(202)
  /** 203 Non-Authoritative Information. */
  static readonly NON_AUTHORITATIVE_INFORMATION: HTTPStatus = new HTTPStatus(203)
  /** 204 No Content. */
  static readonly NO_CONTENT: HTTPStatus = new HTTPStatus(204)
  /** 205 Reset Content. */
  static readonly RESET_CONTENT: HTTPStatus = new HTTPStatus(205)
  /** 206 Partial Content. */
  static readonly PARTIAL_CONTENT: HTTPStatus = new HTTPStatus(206)
  /** 207 Multi-Status. */
  static readonly MULTI_STATUS: HTTPStatus = new HTTPStatus(207)
  /** 208 Already Reported. */
  static readonly ALREADY_REPORTED: HTTPStatus = new HTTPStatus(208)
  /** 226 IM Used. */
  static readonly IM_USED: HTTPStatus = new HTTPStatus(226)
  /** 300 Multiple Choices. */
  static readonly MULTIPLE_CHOICES: HTTPStatus = new HTTPStatus(300)
  /** 301 Moved Permanently. */
  static readonly MOVED_PERMANENTLY: HTTPStatus = new HTTPStatus(301)
  /** 302 Found. */
  static readonly FOUND: HTTPStatus = new HTTPStatus(302)
  /** 303 See Other. */
  static readonly SEE_OTHER: HTTPStatus = new HTTPStatus(303)
  /** 304 Not Modified. */
  static readonly NOT_MODIFIED: HTTPStatus = new HTTPStatus(304)
  /** 305 Use Proxy. */
  static readonly USE_PROXY: HTTPStatus = new HTTPStatus(305)
  /** 307 Temporary Redirect. */
  static readonly TEMPORARY_REDIRECT: HTTPStatus = new HTTPStatus(307)
  /** 308 Permanent Redirect. */
  static readonly PERMANENT_REDIRECT: HTTPStatus = new HTTPStatus(308)
  /** 400 Bad Request. */
  static readonly BAD_REQUEST: HTTPStatus = new HTTPStatus(400)
  /** 401 Unauthorized. */
  static readonly UNAUTHORIZED: HTTPStatus = new HTTPStatus(401)
  /** 402 Payment Required. */
  static readonly PAYMENT_REQUIRED: HTTPStatus = new HTTPStatus(402)
  /** 403 Forbidden. */
  static readonly FORBIDDEN: HTTPStatus = new HTTPStatus(403)
  /** 404 Not Found. */
  static readonly NOT_FOUND: HTTPStatus = new HTTPStatus(404)
  /** 405 Method Not Allowed. */
  static readonly METHOD_NOT_ALLOWED: HTTPStatus = new HTTPStatus(405)
  /** 406 Not Acceptable. */
  static readonly NOT_ACCEPTABLE: HTTPStatus = new HTTPStatus(406)
  /** 407 Proxy Authentication Required. */
  static readonly PROXY_AUTHENTICATION_REQUIRED: HTTPStatus = new HTTPStatus(407)
  /** 408 Request Timeout. */
  static readonly REQUEST_TIMEOUT: HTTPStatus = new HTTPStatus(408)
  /** 409 Conflict. */
  static readonly CONFLICT: HTTPStatus = new HTTPStatus(409)
  /** 410 Gone. */
  static readonly GONE: HTTPStatus = new HTTPStatus(410)
  /** 411 Length Required. */
  static readonly LENGTH_REQUIRED: HTTPStatus = new HTTPStatus(411)
  /** 412 Precondition Failed. */
  static readonly PRECONDITION_FAILED: HTTPStatus = new HTTPStatus(412)
  /** 413 Content Too Large. */
  static readonly CONTENT_TOO_LARGE: HTTPStatus = new HTTPStatus(413)
  /** 413 Content Too Large: the name before RFC 9110. */
  static readonly REQUEST_ENTITY_TOO_LARGE: HTTPStatus = new HTTPStatus(413)
  /** 414 URI Too Long. */
  static readonly URI_TOO_LONG: HTTPStatus = new HTTPStatus(414)
  /** 414 URI Too Long: the name before RFC 9110. */
  static readonly REQUEST_URI_TOO_LONG: HTTPStatus = new HTTPStatus(414)
  /** 415 Unsupported Media Type. */
  static readonly UNSUPPORTED_MEDIA_TYPE: HTTPStatus = new HTTPStatus(415)
  /** 416 Range Not Satisfiable. */
  static readonly RANGE_NOT_SATISFIABLE: HTTPStatus = new HTTPStatus(416)
  /** 416 Range Not Satisfiable: the name before RFC 9110. */
  static readonly REQUESTED_RANGE_NOT_SATISFIABLE: HTTPStatus = new HTTPStatus(416)
  /** 417 Expectation Failed. */
  static readonly EXPECTATION_FAILED: HTTPStatus = new HTTPStatus(417)
  /** 418 . */
  static readonly IM_A_TEAPOT: HTTPStatus = new HTTPStatus(418)
  /** 421 Misdirected Request. */
  static readonly MISDIRECTED_REQUEST: HTTPStatus = new HTTPStatus(421)
  /** 422 Unprocessable Content. */
  static readonly UNPROCESSABLE_CONTENT: HTTPStatus = new HTTPStatus(422)
  /** 422 Unprocessable Content: the name before RFC 9110. */
  static readonly UNPROCESSABLE_ENTITY: HTTPStatus = new HTTPStatus(422)
  /** 423 Locked. */
  static readonly LOCKED: HTTPStatus = new HTTPStatus(423)
  /** 424 Failed Dependency. */
  static readonly FAILED_DEPENDENCY: HTTPStatus = new HTTPStatus(424)
  /** 425 Too Early. */
  static readonly TOO_EARLY: HTTPStatus = new HTTPStatus(425)
  /** 426 Upgrade Required. */
  static readonly UPGRADE_REQUIRED: HTTPStatus = new HTTPStatus(426)
  /** 428 Precondition Required. */
  static readonly PRECONDITION_REQUIRED: HTTPStatus = new HTTPStatus(428)
  /** 429 Too Many Requests. */
  static readonly TOO_MANY_REQUESTS: HTTPStatus = new HTTPStatus(429)
  /** 431 Request Header Fields Too Large. */
  static readonly REQUEST_HEADER_FIELDS_TOO_LARGE: HTTPStatus = new HTTPStatus(431)
  /** 451 Unavailable For Legal Reasons. */
  static readonly UNAVAILABLE_FOR_LEGAL_REASONS: HTTPStatus = new HTTPStatus(451)
  /** 500 Internal Server Error. */
  static readonly INTERNAL_SERVER_ERROR: HTTPStatus = new HTTPStatus(500)
  /** 501 Not Implemented. */
  static readonly NOT_IMPLEMENTED: HTTPStatus = new HTTPStatus(501)
  /** 502 Bad Gateway. */
  static readonly BAD_GATEWAY: HTTPStatus = new HTTPStatus(502)
  /** 503 Service Unavailable. */
  static readonly SERVICE_UNAVAILABLE: HTTPStatus = new HTTPStatus(503)
  /** 504 Gateway Timeout. */
  static readonly GATEWAY_TIMEOUT: HTTPStatus = new HTTPStatus(504)
  /** 505 HTTP Version Not Supported. */
  static readonly HTTP_VERSION_NOT_SUPPORTED: HTTPStatus = new HTTPStatus(505)
  /** 506 Variant Also Negotiates. */
  static readonly VARIANT_ALSO_NEGOTIATES: HTTPStatus = new HTTPStatus(506)
  /** 507 Insufficient Storage. */
  static readonly INSUFFICIENT_STORAGE: HTTPStatus = new HTTPStatus(507)
  /** 508 Loop Detected. */
  static readonly LOOP_DETECTED: HTTPStatus = new HTTPStatus(508)
  /** 510 Not Extended. */
  static readonly NOT_EXTENDED: HTTPStatus = new HTTPStatus(510)
  /** 511 Network Authentication Required. */
  static readonly NETWORK_AUTHENTICATION_REQUIRED: HTTPStatus = new HTTPStatus(511)

  /** The number. */
  readonly value: number
  /** The name of the constant: `NOT_FOUND`. */
  readonly name: string
  /** What stands in a status line: `Not Found`. */
  readonly phrase: string
  /** A sentence, empty for some: `Nothing matches the given URI`. */
  readonly description: string

  /**
   * The member of that value; always the same object.
   * @throws TypeError for a number that no member has
   */
  constructor(value: number) {
    const row = ROWS.get(value)
    if (row === undefined) throw new TypeError(`${value} is not a valid HTTPStatus`)
    this.value = value
    this.name = row[0]
    this.phrase = row[1]
    this.description = row[2]
    const member = MEMBERS.get(value)
    // oxlint-disable-next-line no-constructor-return -- as in Python, there is one object of each value
    if (member !== undefined) return member
    Object.freeze(this)
    MEMBERS.set(value, this)
  }

  /** The members in order, each once. */
  static *[Symbol.iterator](): Generator<HTTPStatus, void, void> {
    yield* MEMBERS.values()
  }

  /** True from 100 to 199. */
  get is_informational(): boolean {
    return this.#isOf(1)
  }

  /** True from 200 to 299. */
  get is_success(): boolean {
    return this.#isOf(2)
  }

  /** True from 300 to 399. */
  get is_redirection(): boolean {
    return this.#isOf(3)
  }

  /** True from 400 to 499. */
  get is_client_error(): boolean {
    return this.#isOf(4)
  }

  /** True from 500 to 599. */
  get is_server_error(): boolean {
    return this.#isOf(5)
  }

  #isOf(kind: number): boolean {
    return Math.floor(this.value / 100) === kind
  }

  /** The number, for `==` and sums. */
  valueOf(): number {
    return this.value
  }

  /** The number, as text: `responses[HTTPStatus.OK]` finds its phrase. */
  toString(): string {
    return String(this.value)
  }

  /** The number. */
  toJSON(): number {
    return this.value
  }
}

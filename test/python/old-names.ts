// Every name in the documentation of Python's httplib: its classes, methods, attributes, exceptions and constants, each
// with its arguments, its parent or its value. `old-names.test.ts` looks for each of them in `httplib-ts/python`.

/** An argument: its name, and its default where it has one; `undefined` where the documentation names no value. */
export type OldArgument = string | readonly [name: string, byDefault: unknown]

export interface OldClass {
  readonly name: string
  readonly parent?: string
  readonly arguments: readonly OldArgument[]
  readonly methods: Readonly<Record<string, readonly OldArgument[]>>
  readonly attributes: readonly string[]
}

const CONNECTION_METHODS = {
  request: ['method', 'url', ['body', null], ['headers', undefined]],
  getresponse: [],
  set_debuglevel: ['level'],
  connect: [],
  close: [],
  putrequest: ['request', 'selector', ['skip_host', 0], ['skip_accept_encoding', 0]],
  // The old manual: `argument[, ...]`.
  putheader: ['header', '...argument'],
  endheaders: [],
  send: ['data'],
} as const

export const OLD_CLASSES: readonly OldClass[] = [
  {
    name: 'HTTPConnection',
    arguments: ['host', ['port', null]],
    methods: CONNECTION_METHODS,
    attributes: [],
  },
  {
    name: 'HTTPSConnection',
    parent: 'HTTPConnection',
    arguments: ['host', ['port', null], ['key_file', null], ['cert_file', null]],
    methods: CONNECTION_METHODS,
    attributes: [],
  },
  {
    name: 'HTTPResponse',
    arguments: ['sock', ['debuglevel', 0], ['strict', 0]],
    // `default` is a reserved word here.
    methods: { read: [['amt', null]], getheader: ['name', ['otherwise', null]], getheaders: [] },
    attributes: ['msg', 'version', 'status', 'reason'],
  },
  // "Refer to the online docstrings for usage": the documentation only names it, its interface is that of 1.5.2.
  {
    name: 'HTTP',
    arguments: [
      ['host', ''],
      ['port', null],
      ['strict', null],
    ],
    methods: {
      putrequest: CONNECTION_METHODS.putrequest,
      putheader: CONNECTION_METHODS.putheader,
      endheaders: [],
      send: ['data'],
      set_debuglevel: ['level'],
      connect: [
        ['host', null],
        ['port', null],
      ],
      getreply: [],
      getfile: [],
      close: [],
    },
    attributes: ['file'],
  },
]

/** Exception → parent. `Exception` is Error here. */
export const OLD_EXCEPTIONS: Readonly<Record<string, string>> = {
  HTTPException: 'Error',
  NotConnected: 'HTTPException',
  InvalidURL: 'HTTPException',
  UnknownProtocol: 'HTTPException',
  UnknownTransferEncoding: 'HTTPException',
  UnimplementedFileMode: 'HTTPException',
  IncompleteRead: 'HTTPException',
  ImproperConnectionState: 'HTTPException',
  CannotSendRequest: 'ImproperConnectionState',
  CannotSendHeader: 'ImproperConnectionState',
  ResponseNotReady: 'ImproperConnectionState',
  BadStatusLine: 'HTTPException',
}

export const OLD_CONSTANTS: Readonly<Record<string, number>> = {
  HTTP_PORT: 80,
  HTTPS_PORT: 443,
  CONTINUE: 100,
  SWITCHING_PROTOCOLS: 101,
  PROCESSING: 102,
  OK: 200,
  CREATED: 201,
  ACCEPTED: 202,
  NON_AUTHORITATIVE_INFORMATION: 203,
  NO_CONTENT: 204,
  RESET_CONTENT: 205,
  PARTIAL_CONTENT: 206,
  MULTI_STATUS: 207,
  IM_USED: 226,
  MULTIPLE_CHOICES: 300,
  MOVED_PERMANENTLY: 301,
  FOUND: 302,
  SEE_OTHER: 303,
  NOT_MODIFIED: 304,
  USE_PROXY: 305,
  TEMPORARY_REDIRECT: 307,
  BAD_REQUEST: 400,
  UNAUTHORIZED: 401,
  PAYMENT_REQUIRED: 402,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  NOT_ACCEPTABLE: 406,
  PROXY_AUTHENTICATION_REQUIRED: 407,
  REQUEST_TIMEOUT: 408,
  CONFLICT: 409,
  GONE: 410,
  LENGTH_REQUIRED: 411,
  PRECONDITION_FAILED: 412,
  REQUEST_ENTITY_TOO_LARGE: 413,
  REQUEST_URI_TOO_LONG: 414,
  UNSUPPORTED_MEDIA_TYPE: 415,
  REQUESTED_RANGE_NOT_SATISFIABLE: 416,
  EXPECTATION_FAILED: 417,
  UNPROCESSABLE_ENTITY: 422,
  LOCKED: 423,
  FAILED_DEPENDENCY: 424,
  UPGRADE_REQUIRED: 426,
  INTERNAL_SERVER_ERROR: 500,
  NOT_IMPLEMENTED: 501,
  BAD_GATEWAY: 502,
  SERVICE_UNAVAILABLE: 503,
  GATEWAY_TIMEOUT: 504,
  HTTP_VERSION_NOT_SUPPORTED: 505,
  INSUFFICIENT_STORAGE: 507,
  NOT_EXTENDED: 510,
}

/** The methods of `msg`, which is documented as an instance of mimetools.Message. */
export const MESSAGE_METHODS: Readonly<Record<string, readonly OldArgument[]>> = {
  getheader: ['name', ['otherwise', null]],
  get: ['name', ['otherwise', null]],
  getheaders: ['name'],
  getrawheader: ['name'],
  getfirstmatchingheader: ['name'],
  getallmatchingheaders: ['name'],
  getaddr: ['name'],
  getaddrlist: ['name'],
  getdate: ['name'],
  getdate_tz: ['name'],
  gettype: [],
  getmaintype: [],
  getsubtype: [],
  getplist: [],
  getparam: ['name'],
  getparamnames: [],
  getencoding: [],
  has_key: ['name'],
  keys: [],
  values: [],
  items: [],
}

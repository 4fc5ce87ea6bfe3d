/**
 * The options of the command, as one table, from which commander, `--help` and docs/command.md are made. Names and meanings
 * are curl's; what curl has and this table has not is refused.
 */

/** One `-d` or `--data-binary`. */
export interface DataOption {
  readonly text: string
  /** True where a file is sent as it is. */
  readonly isBinary: boolean
}

/** The options as commander gives them: by the long name in camel case. */
export interface Options {
  readonly request?: string
  readonly header?: readonly string[]
  /** In the order given, of both options. */
  readonly data?: readonly DataOption[]
  readonly output?: string
  readonly include?: boolean
  readonly head?: boolean
  readonly verbose?: boolean
  readonly user?: string
  readonly userAgent?: string
  readonly maxTime?: number
  readonly insecure?: boolean
  readonly cacert?: string
  readonly cert?: string
  readonly key?: string
  readonly proxy?: string
  readonly unixSocket?: string
}

/** How the values of an option are taken. */
export type OptionKind = 'flag' | 'text' | 'list' | 'seconds' | 'data' | 'data-binary'

export interface OptionRow {
  readonly flags: string
  readonly kind: OptionKind
  /** For `--help`: one line of a terminal, so at most 49 characters. Without it, only `--help all` has the option. */
  readonly brief?: string
  readonly meaning: string
}

export const OPTIONS: readonly OptionRow[] = [
  {
    flags: '-X, --request <method>',
    kind: 'text',
    brief: 'the method; GET, with -d POST, with -I HEAD',
    meaning: 'the method, if not given before the URL; default GET, with -d POST, with -I HEAD',
  },
  {
    flags: '-H, --header <line>',
    kind: 'list',
    brief: '"Name: value", repeatable; @FILE reads lines',
    meaning:
      '"Name: value", repeatable; "Name:" leaves a default out, "Name;" sends it empty, @FILE reads lines',
  },
  {
    flags: '-d, --data <text>',
    kind: 'data',
    brief: 'a form as the body; @FILE, and @- for stdin',
    meaning: 'a form as the body; @FILE and @- are read without line ends; several are joined by &',
  },
  {
    flags: '--data-binary <text>',
    kind: 'data-binary',
    brief: 'as -d, but @FILE and @- byte for byte',
    meaning: 'as -d, but @FILE and @- are sent byte for byte',
  },
  {
    flags: '-o, --output <file>',
    kind: 'text',
    brief: 'write the body to a file; - is standard output',
    meaning: 'write the body to a file; - is standard output, binary on a terminal too',
  },
  {
    flags: '-i, --include',
    kind: 'flag',
    brief: 'write the head of the response too',
    meaning: 'write the head of the response before its body',
  },
  {
    flags: '-I, --head',
    kind: 'flag',
    brief: 'ask for the head alone (HEAD), and write it',
    meaning: 'ask for the head alone (HEAD), and write it',
  },
  {
    flags: '-v, --verbose',
    kind: 'flag',
    brief: 'show the wire on standard error',
    meaning: 'show the wire on standard error: > sent, < received, * notes; credentials are masked',
  },
  {
    flags: '-u, --user <name:password>',
    kind: 'text',
    brief: 'send Basic credentials',
    meaning: 'send Basic credentials',
  },
  {
    flags: '-A, --user-agent <name>',
    kind: 'text',
    brief: 'instead of httplib/VERSION; "" sends none',
    meaning: 'instead of httplib/VERSION; "" sends none',
  },
  {
    flags: '-m, --max-time <seconds>',
    kind: 'seconds',
    brief: 'the longest that all may take',
    meaning: 'the longest that all may take, from connecting to the last byte; 0.5 is fine',
  },
  {
    flags: '-k, --insecure',
    kind: 'flag',
    brief: 'accept any certificate: not safe',
    meaning:
      'accept any certificate; anything between you and the server can then read and change everything',
  },
  {
    flags: '--cacert <file>',
    kind: 'text',
    brief: "authorities to trust instead of the system's",
    meaning: "authorities to trust instead of the system's, PEM",
  },
  {
    flags: '-E, --cert <file[:pass]>',
    kind: 'text',
    brief: 'your certificate: PEM or PKCS#12',
    meaning: 'your certificate: PEM, or PKCS#12 in .p12 and .pfx; "\\:" is a colon in the name',
  },
  {
    flags: '--key <file>',
    kind: 'text',
    brief: 'your private key, PEM',
    meaning: 'your private key, PEM; default: in the file of --cert',
  },
  {
    flags: '-x, --proxy <url>',
    kind: 'text',
    brief: '[http://][user:password@]host[:port]',
    meaning: '[http://][user:password@]host[:port], default port 1080; a CONNECT tunnel, for http too',
  },
  {
    flags: '--unix-socket <path>',
    kind: 'text',
    brief: 'connect to this socket instead of the host',
    meaning: 'connect to this socket instead of the host',
  },
]

/** The table in Markdown, for docs/command.md. */
export function formatOptions(): string {
  const lines = OPTIONS.map(({ flags, meaning }) => `| \`${flags}\` | ${meaning} |`)
  return ['| option | meaning |', '| --- | --- |', ...lines].join('\n')
}

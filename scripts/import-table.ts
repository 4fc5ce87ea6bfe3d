// Which room of `src` may import which: the house rules as one table. `test/project/architecture.test.ts` holds the
// import lines against it, and `docs/architecture.md` shows it.
//
// A room is a folder of `src`; `index` is the file that stands alone there.

/** What one room may import. */
export interface RoomRules {
  /** The other rooms it may import from; `*` for all of them. */
  readonly rooms: readonly string[] | '*'
  /** The Node modules it may import; left out where any may be that is not reserved for other rooms. */
  readonly node?: readonly string[]
  /** Node modules it may import for their types only, or by `import()` at the moment of use. */
  readonly nodeLazily?: readonly string[]
  /** The npm packages it may import; left out where none may. */
  readonly packages?: readonly string[]
}

const GROUND = ['errors', 'core', 'time'] as const

/** Room by room, from the ground up, what may be imported. */
export const IMPORT_TABLE: Readonly<Record<string, RoomRules>> = {
  errors: { rooms: [], node: [] },
  core: { rooms: ['errors'], node: ['node:buffer', 'node:stream'], nodeLazily: ['node:stream/web'] },
  time: { rooms: ['errors', 'core'], node: [] },
  h1: { rooms: ['errors', 'core'], node: [] },
  io: { rooms: [...GROUND] },
  auth: { rooms: [...GROUND], node: ['node:crypto'] },
  proxy: { rooms: [...GROUND, 'auth'], node: [] },
  layers: { rooms: [...GROUND, 'auth'] },
  transport: { rooms: [...GROUND, 'auth', 'h1', 'io'] },
  connection: { rooms: [...GROUND, 'h1', 'io', 'transport'] },
  pool: { rooms: [...GROUND, 'io', 'transport'] },
  cookies: { rooms: [], packages: ['tough-cookie'] },
  client: {
    rooms: [...GROUND, 'auth', 'h1', 'io', 'transport', 'connection', 'pool', 'layers', 'proxy', 'cookies'],
  },
  fetch: { rooms: [...GROUND, 'io', 'client'] },
  python: { rooms: ['errors', 'core', 'h1', 'io', 'connection'] },
  cli: {
    rooms: [...GROUND, 'io', 'proxy', 'layers', 'connection', 'client', 'cookies', 'index'],
  },
  index: { rooms: '*', node: [] },
}

/** Node modules that only the named rooms may import, whatever else a room may import. */
export const RESERVED_MODULES: Readonly<Record<string, readonly string[]>> = {
  'node:net': ['io'],
  'node:tls': ['io'],
  'node:dns': ['io'],
  'node:dns/promises': ['io'],
  'node:process': ['io', 'cli'],
  'node:console': ['cli'],
}

/** Globals that only the named rooms and files may use. */
export const RESERVED_GLOBALS: Readonly<Record<string, readonly string[]>> = {
  process: ['io', 'cli', 'core/runtime.ts'],
  console: ['cli'],
}

/** A file above this length says in its header comment, after the word `Length:`, why it is one file. */
export const MAX_FILE_LINES = 400

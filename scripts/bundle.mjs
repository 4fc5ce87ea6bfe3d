// Joins the compiled modules into few files with esbuild: `node scripts/bundle.mjs [folder of the compiled files]`.
//
// Node takes about half a millisecond for each module file. A process that makes one request would spend more on finding the
// files of this package than on all else. Entries are what package.json names; what several of them need, and what `import()`
// loads at the moment of use, are files in `chunks`. Each module is in one file only, so that there is each class once. Blanks are
// left out, but no name is made shorter: a stack shows those of the source. The engine, what stands on it up to the connection, and
// the client are a file each: a program loads as many as it has need of.
//
// The command is joined by itself: it is a process of its own, and pays for what it loads each time. It has the modules that it
// needs in one file; what is loaded at the moment of use is beside it in `chunks`. Its names are not noted (`keepNames`): that costs
// a call for each function when it starts, and nothing asks for them there.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { build } from 'esbuild'
import { tidyJoined } from './tidy-joined.mjs'

const root = path.resolve(import.meta.dirname, '..')
const folder = path.resolve(root, process.argv[2] ?? 'dist')
const { exports, bin, dependencies } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))

const filesOf = (paths) =>
  paths
    .map((file) => path.posix.normalize(file).replace(/^dist\//, ''))
    .filter((file) => file.endsWith('.js'))
const doors = Object.values(exports).flatMap((entry) => (typeof entry === 'string' ? [] : [entry.default]))

const options = {
  // Module paths in the joined files are told from here.
  absWorkingDir: folder,
  outdir: folder,
  outbase: folder,
  allowOverwrite: true,
  bundle: true,
  splitting: true,
  chunkNames: 'chunks/[name]-[hash]',
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  external: Object.keys(dependencies),
  // Names of classes are shown by `inspect`, and compared by some.
  keepNames: true,
  // V8 reads each blank: a hundredth of a first request.
  minifyWhitespace: true,
  legalComments: 'none',
  // The imports that the plugin adds are there for the graph, and do nothing.
  logOverride: { 'ignored-bare-import': 'silent' },
  logLevel: 'warning',
  write: false,
}

const command = {
  ...options,
  entryPoints: filesOf(Object.values(bin)),
  keepNames: false,
  minifySyntax: true,
}

// In lines that a stack can point to.
const library = { ...options, entryPoints: filesOf(doors), lineLimit: 120 }
const inFolder = (...names) => names.map((name) => path.join(folder, name))

const connection = 'connection/https-connection.js'
const built = await Promise.all([
  build({
    ...library,
    plugins: [
      withAllBesides([
        [
          [...(await lateModules(library)), ...inFolder('cookies/index.js', 'fetch/index.js')],
          [connection, 'core/status.js'],
        ],
        // TLS and the client need it, the connection does not: it would be a file of two kilobytes.
        [inFolder(connection), ['core/ip-address.js']],
      ]),
    ],
  }),
  build({
    ...command,
    plugins: [withAllBesides([[await lateModules(command), ['cli/run.js']]])],
  }),
])
const outputFiles = built.flatMap((one) => one.outputFiles)

// The other files of `tsc` stay for whoever looks into a clone; package.json does not ship them.
for (const { path: file, text } of outputFiles) {
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(file, tidyJoined(text))
}

/** The files of the modules that are loaded by `import()`. */
async function lateModules(of) {
  const { metafile } = await build({ ...of, metafile: true })
  const imports = Object.values(metafile.inputs).flatMap((input) => input.imports)
  return new Set(
    imports
      .filter(({ kind, external }) => kind === 'dynamic-import' && external !== true)
      .map((one) => path.resolve(folder, one.path)),
  )
}

/**
 * Modules are split by who needs them: what the command and some of the late ones need is a file for each such set. With all of
 * the command needed by each late module there is one set, and one file.
 * @param rows - modules, and what each of them is to need besides, by its name in the folder
 */
function withAllBesides(rows) {
  const besides = new Map(rows.flatMap(([modules, names]) => [...modules].map((file) => [file, names])))
  return {
    name: 'few files',
    setup: ({ onLoad }) =>
      onLoad({ filter: /\.js$/ }, ({ path: file }) => {
        const names = besides.get(file)
        if (names === undefined) return undefined
        const lines = inFolder(...names).map((whole) => `import ${JSON.stringify(whole)};\n`)
        return { contents: `${lines.join('')}${readFileSync(file, 'utf8')}`, loader: 'js' }
      }),
  }
}

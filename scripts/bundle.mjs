// Joins the compiled modules into few files with esbuild: `node scripts/bundle.mjs [folder of the compiled files]`.
//
// Node takes about half a millisecond for each module file. A process that makes one request would spend more on finding the
// files of this package than on all else. Entries are what package.json names; what several of them need, and what `import()`
// loads at the moment of use, are files in `chunks`. Each module is in one file only, so that there is each class once. Nothing
// is made shorter: a stack shows the names of the source.
//
// The command is joined by itself: it is a process of its own, and pays for what it loads each time. It has the modules that it
// needs in one file, without blanks; what is loaded at the moment of use is beside it in `chunks`.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { build } from 'esbuild'

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
  legalComments: 'none',
  logLevel: 'warning',
  write: false,
}

const built = await Promise.all([
  build({ ...options, entryPoints: filesOf(doors) }),
  build({ ...options, entryPoints: filesOf(Object.values(bin)), minify: true, keepNames: true }),
])
const outputFiles = built.flatMap((one) => one.outputFiles)

// The other files of `tsc` stay for whoever looks into a clone; package.json does not ship them.
for (const { path: file, contents } of outputFiles) {
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(file, contents)
}

// Writes the doors for `require()`: beside each entry of the package `index.cjs`, which requires the ES module and gives
// what it gives, and `index.d.cts`, its declarations.
//
// Node requires ES modules by itself. TypeScript before 5.8, and with `module: node16` any TypeScript, refuses to: it takes the
// declarations of a package with `"type": "module"` for those of something that only `import` can load. So the entry has
// declarations of CommonJS, made of the types of the others: each value by `typeof`, each class also as a type.
//
// `node scripts/make-commonjs.mjs [folder of the compiled files]`

import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

const root = path.resolve(import.meta.dirname, '..')
const folder = path.resolve(root, process.argv[2] ?? 'dist')
const ENTRIES = ['index', 'cookies/index', 'fetch/index', 'h1/index', 'python/index']

for (const entry of ENTRIES) {
  const file = path.join(folder, entry)
  const module = await import(pathToFileURL(`${file}.js`).href)
  const name = path.basename(entry)
  writeFileSync(`${file}.cjs`, `'use strict'\nmodule.exports = require('./${name}.js')\n`)
  writeFileSync(`${file}.d.cts`, declare(module, `./${name}.js`))
}

/** The declarations of a module, as those of a CommonJS module that gives the same. */
function declare(module, specifier) {
  const how = "with { 'resolution-mode': 'import' }"
  const lines = Object.entries(module).flatMap(([name, value]) => {
    const declared = `export declare const ${name}: typeof module.${name}`
    return isClass(value) ? [declared, `export type ${name} = module.${name}`] : [declared]
  })
  return [
    `import type * as module from '${specifier}' ${how}`,
    // What is named below comes before what a star exports: left are the types that are no classes.
    `export type * from '${specifier}' ${how}`,
    ...lines,
    '',
  ].join('\n')
}

function isClass(value) {
  return typeof value === 'function' && Function.prototype.toString.call(value).startsWith('class')
}

// Adds to package-lock.json the optional packages of other platforms that npm left out of it.
//
// npm drops an optional package from the lock file when the registry cannot give it at that moment, and then
// `npm ci` refuses that lock file (npm issue 9846). What such an entry needs is known without the registry: the
// version from the package that asks for it, and the platform from its name. Only the checksum stays open.
// Run it after a change of dependencies, with the folder of a package after it for another than the root's; a lock file
// that is complete stays as it is.

import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'

const SYSTEMS = [
  'aix',
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'win32',
]
const PLATFORM = new RegExp(`(?:^|[-/])(?:(${SYSTEMS.join('|')})-([a-z0-9]+)|(wasm32)-wasi)(?:-(\\w+))?$`)

const file = path.resolve(import.meta.dirname, '..', process.argv[2] ?? '.', 'package-lock.json')
const lock = JSON.parse(readFileSync(file, 'utf8'))

const added = []
for (const [parent, { optionalDependencies = {}, dev }] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(optionalDependencies)) {
    const place = `node_modules/${name}`
    if (lock.packages[place] !== undefined || lock.packages[`${parent}/${place}`] !== undefined) continue
    lock.packages[place] = entryOf(name, version, dev)
    added.push(name)
  }
}

if (added.length > 0) {
  const { '': own, ...rest } = lock.packages
  const sorted = Object.entries(rest).sort(([a], [b]) => a.localeCompare(b, 'en'))
  lock.packages = { '': own, ...Object.fromEntries(sorted) }
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`)
}
console.log(added.length === 0 ? 'package-lock.json is complete' : `added ${added.join(', ')}`)

function entryOf(name, version, dev) {
  if (!/^\d+\.\d+\.\d+$/.test(version)) throw new Error(`${name}@${version}: not one exact version`)
  const [, system, processor, wasm, variant] = PLATFORM.exec(name) ?? []
  if (system === undefined && wasm === undefined) throw new Error(`${name}: no platform in the name`)
  const libc = system === 'linux' ? libcOf(variant) : undefined
  return {
    version,
    cpu: [wasm ?? processor],
    ...(dev === true ? { dev } : {}),
    ...(libc === undefined ? {} : { libc: [libc] }),
    optional: true,
    ...(system === undefined ? {} : { os: [system] }),
  }
}

function libcOf(variant = '') {
  if (variant.startsWith('musl')) return 'musl'
  return variant.startsWith('gnu') ? 'glibc' : undefined
}

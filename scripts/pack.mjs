// Packs the package once for all that look at it: `node scripts/pack.mjs <file>`. Each of them would call `npm pack` by itself, a second
// of the processor.

import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import path from 'node:path'

const root = path.resolve(import.meta.dirname, '..')
const file = path.resolve(process.argv[2])
mkdirSync(path.dirname(file), { recursive: true })
const folder = mkdtempSync(path.join(path.dirname(file), 'packed-'))
try {
  const words = ['pack', '--silent', '--offline', '--ignore-scripts', '--pack-destination', folder]
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
  const { status } = spawnSync(npm, words, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })
  process.exitCode = status ?? 1
  for (const name of readdirSync(folder)) renameSync(path.join(folder, name), file)
} finally {
  rmSync(folder, { recursive: true })
}

// The package as npm installs it: packed, and unpacked into an empty project without a network. What is packed is `dist` where it was
// built of the sources as they are, as in the gate; else it is built here, so that no old one is tested.

import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { currentDist, isNewerThan, repositoryPath } from './repository.ts'

export interface Manifest {
  readonly version: string
  readonly files: readonly string[]
  readonly exports: Readonly<Record<string, unknown>>
  readonly bin: Readonly<Record<string, string>>
  readonly dependencies: Readonly<Record<string, string>>
}

export const manifest = JSON.parse(readFileSync(repositoryPath('package.json'), 'utf8')) as Manifest

export interface PackedPackage {
  /** An empty project that has the package in its node_modules. */
  readonly project: string
  /** The package in it. */
  readonly installed: string
  /** Removes both. */
  readonly remove: () => void
}

/** Runs the TypeScript that builds the package; what it finds wrong. */
export function compile(...words: readonly string[]): string {
  const tsc = repositoryPath('node_modules', 'typescript', 'bin', 'tsc')
  const { stdout } = spawnSync(process.execPath, [tsc, ...words], { encoding: 'utf8' })
  return stdout
}

/** What `npm run build` does, for the package in this folder. */
function buildInto(staged: string): void {
  const wrong = compile('-p', repositoryPath('tsconfig.json'), '--outDir', path.join(staged, 'dist'))
  assert.equal(wrong, '')
  for (const script of ['make-commonjs.mjs', 'bundle.mjs'])
    execFileSync(process.execPath, [repositoryPath('scripts', script), path.join(staged, 'dist')])
  const executable = path.join(staged, manifest.bin['httplib']!)
  execFileSync(process.execPath, [repositoryPath('scripts', 'make-executable.mjs'), executable])
}

/** The file that the package is packed into: that of `npm run package:lint`, if it is of the files as they are now. */
function pack(folder: string): string {
  const dist = currentDist()
  const packed = repositoryPath('build', 'packed.tgz')
  const sources = [
    'package.json',
    ...manifest.files.filter((file) => !file.includes('*') && !file.startsWith('!')),
  ]
  if (
    dist !== undefined &&
    isNewerThan(
      packed,
      ['dist', ...sources].map((name) => repositoryPath(name)),
    )
  )
    return packed
  const staged = path.join(folder, 'staged')
  mkdirSync(staged)
  // The entries are imported to be declared, and some of them import packages.
  symlinkSync(repositoryPath('node_modules'), path.join(staged, 'node_modules'))
  for (const name of ['package.json', ...manifest.files.filter((file) => !/^!?dist/.test(file))]) {
    cpSync(repositoryPath(name), path.join(staged, name), { recursive: true })
  }
  if (dist === undefined) buildInto(staged)
  else cpSync(dist, path.join(staged, 'dist'), { recursive: true })
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
  const words = ['pack', '--json', '--offline', '--ignore-scripts', '--pack-destination', folder]
  const told = execFileSync(npm, words, { cwd: staged, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  const [{ filename }] = JSON.parse(told) as [{ filename: string }]
  return path.join(folder, filename)
}

/** @throws Error where it cannot be built or packed; nothing is left behind then */
export function installPackage(): PackedPackage {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'httplib-package-'))
  const remove = (): void => rmSync(folder, { recursive: true, force: true })
  try {
    const project = path.join(folder, 'project')
    const installed = path.join(project, 'node_modules', 'httplib-ts')
    mkdirSync(installed, { recursive: true })
    writeFileSync(path.join(project, 'package.json'), '{"private":true,"type":"module"}')
    execFileSync('tar', ['-xzf', pack(folder), '-C', installed, '--strip-components=1'])
    for (const name of [...Object.keys(manifest.dependencies), '@types', 'undici-types']) {
      symlinkSync(repositoryPath('node_modules', name), path.join(project, 'node_modules', name))
    }
    return { project, installed, remove }
  } catch (error) {
    remove()
    throw error
  }
}

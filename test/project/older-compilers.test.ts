// The types, read by the compilers that users have besides the newest. Not in the gate: they take as long as a tenth of it. `npm run
// compilers` runs this; `npm ci --prefix test/project/compilers` first.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { unless } from '../support/need.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { installPackage, type PackedPackage } from '../support/packed-package.ts'
import { repositoryPath } from '../support/repository.ts'
import { configOf, PROJECTS, writeProjects } from './type-projects.ts'

checkOpenHandles()

const execute = promisify(execFile)

const FOLDER = repositoryPath('test', 'project', 'compilers', 'node_modules')
const COMPILERS: readonly { version: string; typescript: string }[] = [
  { version: '5.4', typescript: path.join(FOLDER, 'typescript-54') },
  { version: '5.9', typescript: path.join(FOLDER, 'typescript-59') },
]

/** What an older TypeScript finds wrong in projects, by their configurations. */
async function findErrors(typescript: string, configs: readonly string[]): Promise<Record<string, string>> {
  const script = repositoryPath('test', 'project', 'compilers', 'find-errors.mjs')
  const { stdout } = await execute(process.execPath, [script, typescript, ...configs])
  return JSON.parse(stdout) as Record<string, string>
}

describe('the types', () => {
  let project = ''
  let installation: PackedPackage | undefined

  before(() => {
    installation = installPackage()
    project = installation.project
    writeProjects(project)
  })
  after(() => installation?.remove())

  for (const { version, typescript } of COMPILERS) {
    const isThere = existsSync(typescript)
    const skip = unless(isThere, `there is no TypeScript ${version}: npm ci --prefix test/project/compilers`)
    let all: Promise<Record<string, string>> | undefined
    for (const one of PROJECTS) {
      it(one.title(version), { skip }, async () => {
        all ??= findErrors(
          typescript,
          PROJECTS.map((each) => configOf(project, each)),
        )
        assert.equal((await all)[configOf(project, one)], '')
      })
    }
  }
})

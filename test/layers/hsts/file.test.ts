// HSTS files of curl. The oracle is curl itself: it reads what is written here, and what it writes is read here.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { describe, it } from 'node:test'
import type { HstsPolicy } from '../../../src/core/settings.ts'
import { readHstsFile, writeHstsFile } from '../../../src/layers/hsts/file.ts'
import { MemoryHstsStore } from '../../../src/layers/hsts/store.ts'
import { checkOpenHandles } from '../../support/open-handles.ts'

checkOpenHandles()

const IN_2050 = Date.UTC(2050, 11, 31, 23, 59, 58)
const ENTRIES: readonly [string, HstsPolicy][] = [
  ['a.example', { expiresAtMs: IN_2050, includeSubDomains: false }],
  ['b.example', { expiresAtMs: IN_2050, includeSubDomains: true }],
  ['c.example', { expiresAtMs: Infinity, includeSubDomains: true }],
]

async function read(text: string): Promise<[string, HstsPolicy][]> {
  const store = new MemoryHstsStore()
  await readHstsFile(text, store)
  return [...store.entries()]
}

describe('an HSTS file', () => {
  it('is read as it was written, and holds nothing that has ended', async () => {
    const over: [string, HstsPolicy] = ['d.example', { expiresAtMs: 1, includeSubDomains: false }]
    const text = writeHstsFile([...ENTRIES, over])
    assert.match(text, /^a\.example "20501231 23:59:58"$/m)
    assert.deepEqual(await read(text), ENTRIES)
  })

  it('is read without its comments, addresses, what has ended, and what is no line of it', async () => {
    const lines = [
      '# a.example "20501231 23:59:58"',
      '',
      'a.example',
      'a.example "tomorrow"',
      'a.example "20501331"',
      'a.example "20001231 23:59:58"',
      '127.0.0.1 "20501231 23:59:58"',
      '  .B.Example.\t"20501231 23:59:58" more',
    ]
    assert.deepEqual(await read(lines.join('\r\n')), [ENTRIES[1]])
  })

  it('goes to curl and back', async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'httplib-hsts-'))
    try {
      const file = path.join(folder, 'hsts.txt')
      writeFileSync(file, writeHstsFile(ENTRIES))
      // It reads the file, does nothing, and writes it at its end.
      execFileSync('curl', ['-sS', '--hsts', file, 'file:///dev/null'])
      const text = readFileSync(file, 'utf8')
      assert.match(text, /libcurl/)
      assert.deepEqual(new Map(await read(text)), new Map(ENTRIES))
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

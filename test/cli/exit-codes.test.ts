import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { adviceFor } from '../../src/cli/tell/advice.ts'
import { EXIT_CODES, exitNameOf, formatExitCodes } from '../../src/cli/tell/exit-codes.ts'
import { formatForeign, formatOptions } from '../../src/cli/words/documentation.ts'
import { ERRORS, type ErrorCode, errorRow } from '../../src/errors/table.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { repositoryPath } from '../support/repository.ts'

checkOpenHandles()

const codes = Object.keys(ERRORS) as ErrorCode[]

describe('the table of exit codes', () => {
  it('has no code twice, and is in their order', () => {
    const numbers = Object.values(EXIT_CODES).map(({ code }) => code)
    assert.deepEqual(
      numbers,
      [...new Set(numbers)].sort((a, b) => a - b),
    )
  })

  it('lists every error of the library once, by its code or by its class', () => {
    const listed = Object.values(EXIT_CODES).flatMap(({ errors }) => errors)
    assert.equal(new Set(listed).size, listed.length)
    assert.deepEqual(
      codes.filter((code) => !listed.includes(code) && !listed.includes(errorRow(code).className)),
      [],
    )
  })

  it('sends a listed code before its class', () => {
    assert.equal(exitNameOf('DNS_FAILED'), 'dns')
    assert.equal(exitNameOf('CONNECT_FAILED'), 'connect')
    assert.equal(exitNameOf('INCOMPLETE_BODY'), 'incomplete-body')
    assert.equal(exitNameOf('INCOMPLETE_HEAD'), 'connection-lost')
    assert.equal(exitNameOf('CERTIFICATE_EXPIRED'), 'certificate')
    assert.equal(exitNameOf('REMOTE_DISCONNECTED'), 'no-response')
  })

  it('calls a body that cannot be read one in a wrong coding', () => {
    assert.equal(exitNameOf('NOT_JSON'), 'coding')
  })
})

describe('advice', () => {
  it('is one short line for every error', () => {
    for (const code of codes) assert.match(adviceFor(code), /^[^\n]{5,110}[^.\n]$/, code)
  })
})

describe('docs/command.md', () => {
  const page = readFileSync(repositoryPath('docs', 'command.md'), 'utf8')

  it('shows the tables as they are', () => {
    assert.ok(page.includes(`<!-- exit-codes -->\n${formatExitCodes()}\n<!-- /exit-codes -->`))
    assert.ok(page.includes(`<!-- foreign -->\n${formatForeign()}\n<!-- /foreign -->`))
    assert.ok(page.includes(`<!-- options -->\n${formatOptions()}\n<!-- /options -->`))
  })
})

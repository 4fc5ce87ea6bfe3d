import assert from 'node:assert/strict'
import http from 'node:http'
import { describe, it } from 'node:test'
import { responses, status } from '../../src/core/status.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

describe('status and responses', () => {
  it('have the example of the seed', () => {
    assert.equal(status.NOT_FOUND, 404)
    assert.equal(responses[status.NOT_FOUND], 'Not Found')
  })

  it('have a reason phrase for each number that has a name', () => {
    for (const [name, number] of Object.entries(status)) {
      assert.match(name, /^[A-Z][A-Z_]+$/)
      assert.equal(typeof responses[number], 'string', name)
    }
  })

  it('have a name for each number that has a phrase, made of its words', () => {
    const names = new Set<string>(Object.keys(status))
    for (const [number, phrase] of Object.entries(responses)) {
      const name = phrase.toUpperCase().replaceAll("'", '').replaceAll(/[ -]/g, '_')
      assert.ok(names.has(name), `${number} ${phrase}`)
      assert.equal(status[name as keyof typeof status], Number(number))
    }
  })

  it('know every number that Node knows, but its own 509', () => {
    for (const number of Object.keys(http.STATUS_CODES)) {
      if (number !== '509') assert.ok(responses[Number(number)] !== undefined, number)
    }
  })
})

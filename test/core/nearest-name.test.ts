// The name that somebody meant, by arithmetic: how many letters are other, too many, missing or swapped.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { distanceBetween, nearestName } from '../../src/core/nearest-name.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

describe('the distance between two names', () => {
  for (const [a, b, distance] of [
    ['', '', 0],
    ['', 'abc', 3],
    ['abc', '', 3],
    ['timeout', 'timeout', 0],
    ['timeut', 'timeout', 1],
    ['timeeout', 'timeout', 1],
    ['timeaut', 'timeout', 1],
    ['tiemout', 'timeout', 1],
    ['kitten', 'sitting', 3],
  ] as const)
    it(`is ${distance} from "${a}" to "${b}"`, () => assert.equal(distanceBetween(a, b), distance))
})

describe('the nearest name', () => {
  const names = ['retry', 'timeout', 'query', 'tls', 'ca', 'body']

  it('is the one with the fewest letters that are other, two at most', () => {
    assert.equal(nearestName('tiemout', names), 'timeout')
    assert.equal(nearestName('tmeot', names), 'timeout')
    assert.equal(nearestName('tmet', names), undefined)
    assert.equal(nearestName('retries', ['retrying', 'retry', 'retried']), 'retried')
  })

  it('is the first of those that are as near', () => {
    assert.equal(nearestName('timeaut', ['timeout', 'timebut']), 'timeout')
  })

  it('of a short one begins with the same letter, and has one letter that is other', () => {
    assert.equal(nearestName('tsl', names), 'tls')
    assert.equal(nearestName('als', names), undefined)
    assert.equal(nearestName('txx', names), undefined)
  })
})

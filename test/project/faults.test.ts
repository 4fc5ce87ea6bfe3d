// The deliberate faults are pieces of the code as it is: one that fits nowhere any more is hunted by nobody.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FAULTS as OF_AUTH } from '../suites/auth-faults/table.ts'
import { FAULTS as OF_CLIENT } from '../suites/client-simulation/faults/table.ts'
import { FAULTS as OF_COOKIES } from '../suites/cookies/faults/table.ts'
import { FAULTS as OF_FUZZ } from '../suites/fuzz/faults/table.ts'
import { FAULTS as OF_GUARD } from '../suites/guard/faults/table.ts'
import { FAULTS as OF_SIMULATION } from '../suites/simulation/faults/table.ts'
import { FAULTS as OF_SMUGGLING } from '../suites/smuggling/faults/table.ts'
import { type Fault, placesOf } from '../support/fault-hunt.ts'
import { needBuild } from '../support/need.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

const TABLES: Readonly<Record<string, readonly Fault[]>> = {
  auth: OF_AUTH,
  'client simulation': OF_CLIENT,
  cookies: OF_COOKIES,
  fuzz: OF_FUZZ,
  guard: OF_GUARD,
  simulation: OF_SIMULATION,
  smuggling: OF_SMUGGLING,
}

describe('a deliberate fault', () => {
  const skip = needBuild(import.meta)
  for (const [name, faults] of Object.entries(TABLES)) {
    it(`fits one place of the code: ${faults.length} of ${name}`, { skip }, () => {
      assert.ok(faults.length > 20)
      const stale = faults.map((fault) => [placesOf(fault), fault.does]).filter(([places]) => places !== 1)
      assert.deepEqual(stale, [])
      assert.equal(new Set(faults.map(({ does }) => does)).size, faults.length)
    })
  }
})

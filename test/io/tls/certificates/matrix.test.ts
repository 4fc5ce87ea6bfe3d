// Every exhibit of the certificate zoo against the option of every other one: an option accepts what it is for, and nothing
// else. Where two want the same, the table below says why.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { HTTPException } from '../../../../src/errors/index.ts'
import { openZoo } from '../../../support/certificate-zoo.ts'
import { connectionTo, get } from '../../../support/https.ts'
import { checkOpenHandles } from '../../../support/open-handles.ts'
import type { RawServer } from '../../../support/raw-server.ts'
import { listExhibits } from './exhibits.ts'
import { showExhibit } from './keeper.ts'

const zoo = openZoo()
const servers: RawServer[] = []
after(() => Promise.all(servers.map((server) => server.close())))
checkOpenHandles()

/** Exhibits that are accepted with each other's option, because. */
const ALIKE: readonly [exhibits: readonly string[], because: string][] = [
  [
    [
      'has a wildcard for one label, where there are two',
      'has a wildcard for one label, where there is none',
    ],
    'both show *.zoo.test, and each servername is one of its names',
  ],
  [
    [
      'is signed by a stranger',
      'brings a strange root along',
      'is below the intermediate of a stranger',
      "is signed by an authority in the client's PKCS#12",
    ],
    'all lead to the root of the stranger, which is trusted then',
  ],
  [
    [
      'breaks a name constraint',
      "breaks a name constraint of an authority whose key is also in the client's PKCS#12, without constraints",
    ],
    'both show the same certificate',
  ],
  [
    ['demands a certificate of the client, in TLS 1.2', 'demands a certificate of the client, in TLS 1.3'],
    'both demand the same certificate',
  ],
]

if (zoo !== undefined) {
  const exhibits = listExhibits(zoo)

  describe('an option accepts what it is for, and nothing else', () => {
    before(async () => {
      for (const exhibit of exhibits) servers.push(await showExhibit(exhibit))
    })

    for (const [index, { what, host = 'zoo.test', base }] of exhibits.entries()) {
      it(`a server that ${what} is refused with the option of every other`, async () => {
        const accepted: string[] = []
        for (const other of exhibits) {
          if (other.what === what) continue
          const tls = { ca: zoo.root.cert, ...base, ...other.option }
          await using connection = connectionTo(host, servers[index]!.port, tls)
          try {
            await get(connection)
            accepted.push(other.what)
          } catch (error) {
            assert.ok(error instanceof HTTPException, String(error))
          }
        }
        const alike = ALIKE.flatMap(([group]) => (group.includes(what) ? group : [])).filter(
          (one) => one !== what,
        )
        assert.deepEqual(accepted.sort(), alike.sort())
      })
    }
  })
}

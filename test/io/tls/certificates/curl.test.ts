// The oracle: curl, with the same authority and OpenSSL under it, refuses what we refuse. Where it does not, the table of
// exhibits says so (code 0), and why is said here.
//
// - A certificate that is BER and not DER is one to OpenSSL; what cannot be read twice in the same way is refused here.
// - A common name counts for curl where there is no subjectAltName; RFC 9110, section 4.3.4, forbids it.

import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { isIP } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { after, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { openZoo } from '../../../support/certificate-zoo.ts'
import { startOkServer } from '../../../support/https.ts'
import { unless } from '../../../support/need.ts'
import { checkOpenHandles } from '../../../support/open-handles.ts'
import { type Exhibit, listExhibits } from './exhibits.ts'
import { showExhibit } from './keeper.ts'

const folder = mkdtempSync(path.join(os.tmpdir(), 'httplib-curl-'))
after(() => rmSync(folder, { recursive: true }))
checkOpenHandles()

const run = promisify(execFile)

/** Whether there is a curl that stands on OpenSSL: others have other rules and codes. */
function findCurl(): boolean {
  return /OpenSSL/.test(spawnSync('curl', ['--version'], { encoding: 'utf8' }).stdout ?? '')
}

/** At the level of security that distributions give their curl. */
const ALWAYS = ['--silent', '--noproxy', '*', '--max-time', '10', '--ciphers', 'DEFAULT@SECLEVEL=2']

/** The exit code of curl; every name is on loopback. */
async function curl(host: string, port: number, words: readonly string[]): Promise<number> {
  const resolve = isIP(host) === 0 ? ['--resolve', `${host}:${port}:127.0.0.1`] : []
  try {
    await run('curl', [...ALWAYS, ...resolve, ...words, `https://${host}:${port}/`])
    return 0
  } catch (error) {
    return (error as { code: number }).code
  }
}

/** What curl is told of the exhibit's `base`. */
function wordsFor({ base }: Pick<Exhibit, 'base'>, root: string): string[] {
  const authorities = path.join(folder, 'authorities.pem')
  writeFileSync(authorities, [base?.ca ?? root].flat().join(''))
  const pin = typeof base?.pin === 'string' ? ['--pinnedpubkey', base.pin.replace('/', '//')] : []
  const identity = base?.pfx === undefined ? [] : ['--cert-type', 'P12', '--cert', `${pfxFile(base.pfx)}:zoo`]
  return ['--cacert', authorities, ...pin, ...identity]
}

function pfxFile(pfx: Uint8Array): string {
  const file = path.join(folder, 'client.p12')
  writeFileSync(file, pfx)
  return file
}

const zoo = openZoo()
const hasCurl = findCurl()
if (!hasCurl) it('curl is asked too', { skip: unless(false, 'there is no curl with OpenSSL') })

if (zoo !== undefined && hasCurl) {
  describe('curl is asked too', () => {
    it('and accepts a server with which nothing is wrong', async () => {
      await using server = await startOkServer(zoo.throughIntermediate)
      assert.equal(await curl('zoo.test', server.port, wordsFor({}, zoo.root.cert)), 0)
    })

    for (const exhibit of listExhibits(zoo)) {
      const verdict = exhibit.curl === 0 ? 'and accepts, which we do not,' : 'and refuses, as we do,'
      it(`${verdict} a server that ${exhibit.what}`, async () => {
        await using server = await showExhibit(exhibit)
        assert.equal(
          await curl(exhibit.host ?? 'zoo.test', server.port, wordsFor(exhibit, zoo.root.cert)),
          exhibit.curl,
        )
      })
    }
  })
}

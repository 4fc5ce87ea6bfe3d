// What this package sends for a sequence of requests: the layer of the client over its jar, and a server in memory.

import { CookieJar } from '../../../src/cookies/jar.ts'
import { fieldValues } from '../../../src/core/fields.ts'
import { trimWhitespace } from '../../../src/core/grammar.ts'
import type { CookieJarLike } from '../../../src/core/settings.ts'
import { cookiesLayer } from '../../../src/layers/cookies/cookies.ts'
import { Pauses } from '../../../src/layers/pause.ts'
import { systemClock } from '../../../src/time/clock.ts'
import { requestTo, responseTo, settingsOf } from '../../support/memory-handler.ts'
import type { Sequence } from './sequences.ts'

/** The Cookie field of each step; undefined for none. */
export async function askOurs(
  { steps }: Sequence,
  jar: CookieJarLike = new CookieJar(),
): Promise<(string | undefined)[]> {
  const settings = settingsOf({ cookies: jar })
  const sent: (string | undefined)[] = []
  const layer = cookiesLayer({
    ownJar: () => {
      throw new TypeError('there is one')
    },
    wait: { clock: systemClock, pauses: new Pauses() },
    onFailure: (_, error) => {
      throw error
    },
  })
  for (const { scheme, host, path, setCookies } of steps) {
    const handler = layer((request) => {
      sent.push(fieldValues(request.fields, 'cookie')[0])
      return Promise.resolve(
        responseTo(
          request,
          200,
          setCookies.map((value) => ['Set-Cookie', trimWhitespace(value)]),
        ),
      )
    })
    await handler(requestTo(`${scheme}://${host}${path}`, { settings }))
  }
  return sent
}

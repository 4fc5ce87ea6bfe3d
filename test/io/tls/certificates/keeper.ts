// Shows an exhibit of the certificate zoo on loopback.

import { startOkServer } from '../../../support/https.ts'
import type { RawServer } from '../../../support/raw-server.ts'
import type { Exhibit } from './exhibits.ts'

/** Starts a server that shows the exhibit; what is weak is shown too. */
export function showExhibit({ shows, server }: Pick<Exhibit, 'shows' | 'server'>): Promise<RawServer> {
  return startOkServer({ ciphers: 'DEFAULT:@SECLEVEL=0', ...server, ...shows })
}

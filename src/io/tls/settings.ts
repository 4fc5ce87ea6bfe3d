/**
 * What laying TLS over a stream needs: the options, and the session of an earlier connection to the same peer.
 */

import type { TlsOptions } from '../../core/tls-options.ts'

/** Keeps the newest TLS session of one host and one set of options, so that the next connection can resume it. */
export interface SessionHolder {
  session: Buffer | undefined
}

/** What laying TLS over a stream needs. */
export interface TlsSettings {
  readonly options: TlsOptions
  readonly sessions: SessionHolder
}

/** What was refused before anything of it was sent. */

import { LocalProtocolError } from './local.ts'

/** Writes onto what a request was refused for, before it was begun, that no byte of it was written. */
export function tellUnsent(error: unknown): void {
  if (error instanceof LocalProtocolError && Object.isExtensible(error)) error.requestBytesWritten ??= 0
}

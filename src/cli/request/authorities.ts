/** Whom to trust as servers: options, else the variables of the environment that curl reads. */

import type { Options } from '../words/options.ts'

/** The variables of the environment. */
export type Env = Readonly<Record<string, string | undefined>>

/** A file or folder with authorities, and what has named it. */
export interface NamedPlace {
  readonly path: string
  readonly by: string
}

/** Where authorities are; empty where those of the system are trusted. */
export interface Authorities {
  readonly file?: NamedPlace
  readonly folder?: NamedPlace
}

/** CURL_CA_BUNDLE comes before SSL_CERT_FILE and SSL_CERT_DIR; an option, or -k, before all of them. */
export function authoritiesOf({ cacert, capath, insecure }: Options, env: Env): Authorities {
  const said = (name: string): string | undefined => (env[name] === '' ? undefined : env[name])
  if (cacert !== undefined || capath !== undefined)
    return placesOf([cacert, '--cacert'], [capath, '--capath'])
  if (insecure === true) return {}
  const bundle = said('CURL_CA_BUNDLE')
  if (bundle !== undefined) return placesOf([bundle, 'CURL_CA_BUNDLE'], [undefined, ''])
  return placesOf([said('SSL_CERT_FILE'), 'SSL_CERT_FILE'], [said('SSL_CERT_DIR'), 'SSL_CERT_DIR'])
}

type Named = readonly [path: string | undefined, by: string]

function placesOf([file, fileBy]: Named, [folder, folderBy]: Named): Authorities {
  return {
    ...(file !== undefined && { file: { path: file, by: fileBy } }),
    ...(folder !== undefined && { folder: { path: folder, by: folderBy } }),
  }
}

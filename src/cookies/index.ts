/** `httplib-ts/cookies`: a cookie jar, its files on disk, and cookie files of Netscape as curl has them. */

export { FileCookieStore, type FileCookieStoreOptions, readCookieFile, writeCookieFile } from './files.ts'
export { CookieJar } from './jar.ts'
export {
  type ListingJar,
  type ReadCookieLines,
  readNetscapeCookies,
  writeNetscapeCookies,
} from './netscape.ts'

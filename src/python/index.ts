/**
 * Python's module `httplib`, name for name, and its successor `http.client`. What waits returns a promise; a `timeout` is in
 * SECONDS, as in Python; docs/porting-from-python.md has the rest.
 */

export * from '../errors/index.ts'
export { HTTPException as error } from '../errors/index.ts'
export type { NamedAddress } from './address-list.ts'
export type { Body, Data, FileLike, OpenFile } from './body.ts'
export type { DateTuple, DateTupleWithZone } from './date-tuple.ts'
export type { Param, ParamValue } from './field-params.ts'
export type { HeaderFields, HeaderValue } from './header-fields.ts'
export { HTTP, HTTPS, type Reply } from './http.ts'
export { HTTPConnection } from './http-connection.ts'
export { HTTPMessage } from './http-message.ts'
export { HTTPResponse, type ResponseKeywords, type ResponseSource } from './http-response.ts'
export { HTTPStatus } from './http-status.ts'
export { HTTPSConnection } from './https-connection.ts'
export type { ConnectionOptions, Flag, Keywords, SecureConnectionOptions } from './keywords.ts'
export * from './os-error.ts'
export { ResponseFile } from './response-file.ts'
export { ResponseHeaders } from './response-headers.ts'
export * from './status.ts'

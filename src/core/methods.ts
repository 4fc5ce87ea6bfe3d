/** What may be asked for again without another effect (RFC 9110 §9.2.2), of the methods that RFC 9110 defines. */
export const IDEMPOTENT_METHODS: readonly string[] = Object.freeze([
  'GET',
  'HEAD',
  'PUT',
  'DELETE',
  'OPTIONS',
  'TRACE',
])

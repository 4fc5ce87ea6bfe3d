/** The member of that name, if it is the record's own: what another package wrote onto `Object.prototype` is nobody's. */
export function ownMember<T extends object, K extends keyof T>(record: T, name: K): T[K] | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined
}

/**
 * Lists that have no member or one nearly always, in objects of which there are many: an array that was pushed to keeps room
 * for seventeen for the rest of its life. The functions answer the list to go on with.
 */

/** The list without members. It is shared: add by `appended` only. */
export const EMPTY_LIST: never[] = []

/** `list` with `member` after the others. */
export function appended<T>(list: T[], member: T): T[] {
  if (list.length === 0) return [member]
  list.push(member)
  return list
}

/** `list` without its first member. */
export function withoutFirst<T>(list: T[]): T[] {
  if (list.length <= 1) return EMPTY_LIST
  list.shift()
  return list
}

/** `list` without `member`, which is looked for from the front. */
export function without<T>(list: T[], member: T): T[] {
  const at = list.indexOf(member)
  if (at === 0) return withoutFirst(list)
  if (at > 0) list.splice(at, 1)
  return list
}

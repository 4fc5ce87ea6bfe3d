/** A list whose members know their neighbours: to join it and to leave it from anywhere costs the same however long it is. */

/** What a member is. The three fields are the list's. */
export interface Linked<M extends Linked<M>> {
  before: M | undefined
  after: M | undefined
  /** The list that it stands in; at most one. */
  list: LinkedList<M> | undefined
}

/** The members, in the order in which they joined. */
export class LinkedList<M extends Linked<M>> implements Iterable<M> {
  #first: M | undefined
  #last: M | undefined
  #length = 0

  get length(): number {
    return this.#length
  }

  get first(): M | undefined {
    return this.#first
  }

  get last(): M | undefined {
    return this.#last
  }

  join(member: M): void {
    member.list = this
    member.before = this.#last
    if (this.#last === undefined) this.#first = member
    else this.#last.after = member
    this.#last = member
    this.#length++
  }

  /** Takes one out, wherever it stands. Answers false where it stands in this list no more. */
  leave(member: M): boolean {
    if (member.list !== this) return false
    const { before, after } = member
    if (before === undefined) this.#first = after
    else before.after = after
    if (after === undefined) this.#last = before
    else after.before = before
    member.list = undefined
    member.before = undefined
    member.after = undefined
    this.#length--
    return true
  }

  /** From the first on. The one that was handed out last may leave meanwhile. */
  *[Symbol.iterator](): Generator<M, void, void> {
    let member = this.#first
    while (member !== undefined) {
      const { after } = member
      yield member
      member = after
    }
  }
}

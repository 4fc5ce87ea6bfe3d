/** What makes the members of our answers look as those of the platform's `Response`, for code that walks or borrows them. */

import { PlatformResponse } from './platform.ts'

const PLATFORM: object = PlatformResponse.prototype
const READERS = ['text', 'json', 'bytes', 'arrayBuffer', 'blob', 'formData', 'textStream'] as const

/** The methods that read a body. */
type Readers = Record<(typeof READERS)[number], () => unknown>

/**
 * Changes the prototype of our answers.
 * @param isAnswer - tells an answer from everything else
 */
export function likePlatform(prototype: Readers, isAnswer: (value: unknown) => boolean): void {
  // What makes another response of an answer makes an ordinary one.
  Object.defineProperty(prototype, 'constructor', {
    value: PlatformResponse,
    enumerable: false,
    configurable: true,
    writable: true,
  })
  for (const name of READERS) borrowable(prototype, name, isAnswer)
  // Code that walks an answer finds what the platform shows of a Response: the members of the standard.
  for (const name of Object.keys(PLATFORM))
    if (Object.hasOwn(prototype, name)) Object.defineProperty(prototype, name, { enumerable: true })
}

/** A method that was taken from an answer, and is called on something else, does what the platform's does with that. */
function borrowable(prototype: Readers, name: keyof Readers, isAnswer: (value: unknown) => boolean): void {
  const own = prototype[name]
  const platform = Reflect.get(PLATFORM, name) as (() => unknown) | undefined
  const method = {
    [name](this: unknown): unknown {
      if (isAnswer(this)) return own.call(this)
      if (platform !== undefined) return platform.call(this)
      const error = new TypeError('Illegal invocation')
      if (name === 'textStream') throw error
      return Promise.reject(error)
    },
  }
  Object.defineProperty(prototype, name, { value: method[name] })
}

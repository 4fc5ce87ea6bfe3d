/** What a response has as an IO object of Python's (`io.BufferedIOBase`) besides its reading: what it is, and what it cannot do. */

import { UnsupportedOperation } from './os-error.ts'

/** An IO object that can only be read, from the front to the end. */
export abstract class ReadOnlyIO {
  /** True once `close()` was called. */
  abstract get closed(): boolean

  /** True. */
  readable(): boolean {
    return true
  }

  /** False: it can only be read. */
  writable(): boolean {
    return false
  }

  /** False: what was read is gone. */
  seekable(): boolean {
    return false
  }

  /**
   * False: a connection is no terminal.
   * @throws TypeError after `close()`, where Python raises ValueError
   */
  isatty(): boolean {
    this.#throwIfClosed('isatty')
    return false
  }

  /**
   * Does nothing: there is nothing that waits to be written.
   * @throws TypeError after `close()`, where Python raises ValueError
   */
  flush(): void {
    this.#throwIfClosed('flush')
  }

  /** @throws UnsupportedOperation, a kind of OSError: there is no descriptor to be had */
  fileno(): never {
    throw new UnsupportedOperation('fileno() is not offered: Node gives no descriptor of a socket away')
  }

  /** @throws UnsupportedOperation: how far it was read is not counted */
  tell(): never {
    throw new UnsupportedOperation('tell() is not offered: a response has no position')
  }

  /** @throws UnsupportedOperation: what was read is gone */
  seek(_offset?: number, _whence?: number): never {
    throw new UnsupportedOperation('seek() is not offered: what was read of a response is gone')
  }

  /** @throws UnsupportedOperation: it can only be read */
  truncate(_size?: number): never {
    throw new UnsupportedOperation('truncate() is not offered: a response can only be read')
  }

  /** @throws UnsupportedOperation: there is nothing below that could be read without it */
  detach(): never {
    throw new UnsupportedOperation('detach() is not offered: a response is read by itself')
  }

  /** @throws UnsupportedOperation: it can only be read */
  write(_bytes?: Uint8Array): never {
    throw new UnsupportedOperation('write() is not offered: a response can only be read')
  }

  /**
   * Does nothing for an empty list, as Python.
   * @throws UnsupportedOperation for lines: it can only be read
   * @throws TypeError after `close()`, where Python raises ValueError
   */
  writelines(lines: Iterable<Uint8Array>): void {
    this.#throwIfClosed('writelines')
    for (const line of lines) this.write(line)
  }

  #throwIfClosed(name: string): void {
    if (this.closed) throw new TypeError(`${name}() of a response that is closed`)
  }
}

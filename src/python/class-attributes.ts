/**
 * Class attributes: in Python `HTTPConnection.debuglevel = 1` holds for every connection that has no level of its own, and a
 * subclass sets its own defaults. What an instance was given wins over its class.
 */

import { HTTP_PORT } from '../core/origin.ts'
import { HTTPResponse } from './http-response.ts'
import type { Flag } from './keywords.ts'

/** The attributes that Python keeps on the class. */
interface Attributes {
  debuglevel: number
  auto_open: Flag
  default_port: number
  response_class: typeof HTTPResponse
  _http_vsn: 10 | 11
}

/** The class attributes of a connection, and those of one connection: its own where they were set, else those of its class. */
export class ClassAttributes {
  /** For every connection without a level of its own: `HTTPConnection.debuglevel = 1` shows what all of them do. */
  static debuglevel: number = 0
  /** False to have NotConnected raised where a connection would be opened. */
  static auto_open: Flag = 1
  /** The port where none is given. */
  static default_port: number = HTTP_PORT
  /** What `getresponse()` makes. */
  static response_class: typeof HTTPResponse = HTTPResponse
  /** The version that is written: 11, or 10 for HTTP/1.0. */
  static _http_vsn: 10 | 11 = 11

  readonly #class: Attributes
  readonly #own: Partial<Attributes> = Object.create(null)

  constructor() {
    this.#class = new.target
  }

  get debuglevel(): number {
    return this.#get('debuglevel')
  }

  set debuglevel(level: number) {
    this.#set('debuglevel', level)
  }

  get auto_open(): Flag {
    return this.#get('auto_open')
  }

  set auto_open(isOn: Flag) {
    this.#set('auto_open', isOn)
  }

  get default_port(): number {
    return this.#get('default_port')
  }

  set default_port(port: number) {
    this.#set('default_port', port)
  }

  get response_class(): typeof HTTPResponse {
    return this.#get('response_class')
  }

  set response_class(of: typeof HTTPResponse) {
    this.#set('response_class', of)
  }

  get _http_vsn(): 10 | 11 {
    return this.#get('_http_vsn')
  }

  set _http_vsn(version: 10 | 11) {
    this.#set('_http_vsn', version)
  }

  /** The protocol version as it is written. */
  get _http_vsn_str(): string {
    return `HTTP/1.${this._http_vsn - 10}`
  }

  #get<K extends keyof Attributes>(name: K): Attributes[K] {
    const owner = Object.hasOwn(this.#own, name) ? (this.#own as Attributes) : this.#class
    return owner[name]
  }

  #set<K extends keyof Attributes>(name: K, value: Attributes[K]): void {
    this.#own[name] = value
  }
}

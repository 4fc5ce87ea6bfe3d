// The network of a client: several servers on one virtual network, names that are looked up, and an account of what is open at
// every moment. The caps of a pool are held against that account whenever a dial begins.

import type { Connector, DialTarget } from '../../../src/io/dial.ts'
import type { Lookup } from '../../../src/io/lookup.ts'
import { findAddresses } from '../../../src/io/lookup.ts'
import type { Choices } from '../simulation/choices.ts'
import type { Link } from '../simulation/link.ts'
import { VirtualNetwork } from '../simulation/network.ts'
import { PlannedServer } from '../simulation/server.ts'
import type { World } from '../simulation/world.ts'
import type { Judge } from './judge.ts'

/** A place of the pool: from the beginning of a dial to the end of its connection. */
interface Place {
  readonly origin: string
  link: Link | undefined
  isOver: boolean
}

export class ClientNetwork {
  readonly virtual: VirtualNetwork
  /** Lookups that are under way. */
  lookups = 0
  /** Lookups that were made to fail. */
  failedLookups = 0
  readonly #world: World
  readonly #judge: Judge
  readonly #choices: Choices
  readonly #places = new Set<Place>()
  readonly #dialling = new Map<DialTarget, Place>()

  constructor(world: World, judge: Judge, choices: Choices) {
    this.#world = world
    this.#judge = judge
    this.#choices = choices
    this.virtual = new VirtualNetwork(world, choices, judge, {
      accept: (link, target) => {
        const place = this.#dialling.get(target)!
        place.link = link
        judge.connected(link, place.origin)
        return new PlannedServer(world, judge, link, undefined)
      },
      connecting: () => {},
    })
  }

  get links(): readonly Link[] {
    return this.virtual.links
  }

  /** The option `connect`. */
  readonly connect: Connector = async (given, waiting) => {
    const target = { ...given }
    const { host, port } = target
    const place: Place = {
      origin: `http://${host}${port === 80 ? '' : `:${port}`}`,
      link: undefined,
      isOver: false,
    }
    this.#places.add(place)
    this.#dialling.set(target, place)
    this.#checkCaps(place)
    // What was given up is closed where it is too late to be stopped.
    waiting.signal?.addEventListener('abort', () => {
      place.isOver = true
    })
    try {
      if (this.#judge.config.hasDns) await findAddresses(target, waiting)
      return await this.virtual.connect(target, waiting)
    } finally {
      this.#dialling.delete(target)
      if (place.link === undefined) this.#places.delete(place)
    }
  }

  /** The option `lookup` of `dns`. */
  readonly lookup: Lookup = (host, _options, done) => {
    this.lookups++
    const fails = !this.virtual.isPlain && this.#choices.chance(8)
    this.#world.trace(`looking ${host} up${fails ? ', in vain' : ''}`)
    this.#world.at(this.#choices.oneOf([0, 1, 30]), () => {
      this.lookups--
      if (fails) {
        this.failedLookups++
        this.virtual.faults.push('name')
        done(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }), [])
      } else done(null, [{ address: '192.0.2.7', family: 4 }])
    })
  }

  /** Connections to an origin that the client has not closed and has not heard the end of. */
  openTo(origin: string): number {
    return this.#open().filter((place) => place.origin === origin && place.link !== undefined).length
  }

  #open(): Place[] {
    for (const place of this.#places) {
      const { link, isOver } = place
      if (isOver || (link !== undefined && (link.hasClientClosed || link.hasToldClose)))
        this.#places.delete(place)
    }
    return [...this.#places]
  }

  #checkCaps({ origin }: Place): void {
    const { perOrigin, total } = this.#judge.config
    const open = this.#open()
    const ofOrigin = open.filter((place) => place.origin === origin).length
    if (ofOrigin > perOrigin)
      this.#world.violate('cap of an origin', `${ofOrigin} to ${origin}, ${perOrigin} allowed`)
    if (open.length > total) this.#world.violate('cap of all', `${open.length}, ${total} allowed`)
  }
}

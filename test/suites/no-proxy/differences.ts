// Where we decide otherwise than curl, and why: one table. A case that differs must have an entry in its list to which a row
// applies, and which decides: without those entries, both decide alike.

/** A known difference. */
export interface Difference {
  readonly id: string
  readonly why: string
  /** Whether an entry of the list is read in two ways, for a host without brackets and the URL that it is from. */
  readonly applies: (entry: string, host: string, url: string) => boolean
}

const IPV4 = /^\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}$/

/** The table. */
export const DIFFERENCES: readonly Difference[] = [
  {
    id: 'port',
    why: 'an entry may have a port, as in the tools that came after curl (Go, Python); curl takes it for a part of the name',
    applies: (entry) => /:\d{1,5}$/.test(entry) && (entry.match(/:/g)!.length === 1 || /\]:\d+$/.test(entry)),
  },
  {
    id: 'star among others',
    why: 'curl wants the star alone; who writes it beside others means everything all the same',
    applies: (entry) => entry === '*',
  },
  {
    id: 'star before a name',
    why: '`*.example.com` is what people write for what is below a name; curl takes it for a name',
    applies: (entry) => entry.startsWith('*.'),
  },
  {
    id: 'other spelling of an address',
    why: 'addresses are compared as numbers, also those of the list: 0x7f.1 is 127.0.0.1, and a dot after it changes nothing',
    applies: (entry) => {
      const address = entry.replace(/\/\d+$/, '')
      if (address.includes(':')) return isOtherSpelling(address)
      return /^[0-9a-fx.]+$/i.test(address) && !IPV4.test(address)
    },
  },
  {
    id: 'dot after an address',
    why: '127.0.0.1. is 127.0.0.1; curl compares it as a name',
    applies: (entry, _host, url) =>
      /^http:\/\/[0-9a-fx.]+\.(?::\d+)?\/$/i.test(url) && /^[\d./]+$/.test(entry),
  },
  {
    id: 'brackets',
    why: 'an IPv6 address may stand in brackets, as in a URL; curl compares it with them',
    applies: (entry) => entry.startsWith('['),
  },
  {
    id: 'IPv4 in IPv6',
    why: '::ffff:127.0.0.1 leads to 127.0.0.1, and is it; curl keeps the families apart',
    applies: (entry, host) => [entry, host].some((text) => /^::ffff:/i.test(text)),
  },
  {
    id: 'no bits',
    why: '/0 is every address of the family; curl takes it for all bits',
    applies: (entry) => entry.endsWith('/0'),
  },
  {
    id: 'network of IPv6',
    why: 'curl 7.88 compares IPv6 addresses as they are written, and matches no network; newer ones do as we do',
    applies: (entry) => /:.*\/\d+$/.test(entry),
  },
]

/** Whether an IPv6 address is not written as a URL writes it. */
function isOtherSpelling(address: string): boolean {
  const url = `http://[${address}]`
  return URL.canParse(url) && new URL(url).hostname !== `[${address}]`
}

/** The entries of a list that no row applies to. */
export function plainEntries(list: string, host: string, url: string): string {
  return entriesOf(list)
    .filter((entry) => !DIFFERENCES.some(({ applies }) => applies(entry, host, url)))
    .join(',')
}

/** The rows that apply to a list. */
export function rowsFor(list: string, host: string, url: string): readonly Difference[] {
  return DIFFERENCES.filter(({ applies }) => entriesOf(list).some((entry) => applies(entry, host, url)))
}

function entriesOf(list: string): string[] {
  return list.split(/[\s,]+/).filter((entry) => entry !== '')
}

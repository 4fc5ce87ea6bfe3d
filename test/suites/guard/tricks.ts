// Ways to get a client to connect to its own network, as they are known from advisories and bypass lists, each as a URL that a
// program might be given. Addresses of names are what a name server would answer, one list for each question.

/** One way. */
export interface Trick {
  readonly trick: string
  readonly url: string
  /** The answers to the first question, the second, and so on, by name; the last one stays. */
  readonly dns?: Readonly<Record<string, readonly (readonly string[])[]>>
  /** What leads there: redirects of servers on public addresses, one after the other, before `url`. */
  readonly over?: readonly string[]
  /** Refused before the guard is asked: the platform takes it for no URL. */
  readonly isNoUrl?: true
  /** The first answer is public, and a second question must not be put: it is no refusal that is expected. */
  readonly isRebinding?: true
}

/** A public address: all that may be dialled. */
export const PUBLIC = '93.184.215.14'
export const PUBLIC_NAME = 'public.test'

const to = (address: string, trick: string): Trick => ({ trick, url: `http://${address}/` })

const LITERALS: readonly Trick[] = [
  to('127.0.0.1', 'loopback'),
  to('127.0.0.1:22', 'loopback, another port'),
  { trick: 'loopback over TLS', url: 'https://127.0.0.1/' },
  to('127.255.255.254', 'the other end of loopback'),
  to('127.1', 'two numbers'),
  to('127.0.1', 'three numbers'),
  to('2130706433', 'one decimal number'),
  to('0x7f000001', 'one hexadecimal number'),
  to('017700000001', 'one octal number'),
  to('0x7f.1', 'a hexadecimal number, and the rest'),
  to('0177.0.0.1', 'an octal number'),
  to('0x7F.0X0.00.0x1', 'each number in another way'),
  to('127.000.000.001', 'zeros at the front'),
  to('127.0.0.1.', 'a dot at the end'),
  to('0x7f.1.', 'a hexadecimal number, and a dot at the end'),
  to('0', 'nothing but zero'),
  to('0.0.0.0', 'this host, which many systems take for loopback'),
  to('0.1.2.3', 'this network'),
  to('10.0.0.1', 'private'),
  to('10.1', 'private, two numbers'),
  to('172.16.0.1', 'private, the first of 172.16.0.0/12'),
  to('172.31.255.255', 'private, the last of 172.16.0.0/12'),
  to('192.168.0.1', 'private'),
  to('3232235521', 'private, one number'),
  to('169.254.169.254', 'metadata of a cloud'),
  to('0xa9fea9fe', 'metadata, one hexadecimal number'),
  to('2852039166', 'metadata, one decimal number'),
  to('0251.0376.0251.0376', 'metadata, octal'),
  to('169.254.43518', 'metadata, three numbers'),
  to('100.100.100.200', 'metadata of Alibaba Cloud'),
  to('168.63.129.16', 'the host in Azure, which has a public number'),
  to('192.0.0.192', 'metadata of Oracle Cloud'),
  to('100.64.0.1', 'shared address space'),
  to('192.0.2.1', 'documentation'),
  to('198.18.0.1', 'benchmarking'),
  to('192.88.99.1', 'a relay of 6to4'),
  to('224.0.0.1', 'multicast'),
  to('240.0.0.1', 'reserved'),
  to('255.255.255.255', 'broadcast'),
]

const IPV6: readonly Trick[] = [
  to('[::1]', 'loopback'),
  to('[0:0:0:0:0:0:0:1]', 'loopback, written out'),
  to('[::0.0.0.1]', 'loopback, its end as IPv4'),
  to('[::]', 'unspecified'),
  to('[::ffff:127.0.0.1]', 'mapped'),
  to('[::ffff:7f00:1]', 'mapped, in hexadecimal'),
  to('[0:0:0:0:0:ffff:10.0.0.1]', 'mapped, written out'),
  to('[::ffff:0:127.0.0.1]', 'translated (SIIT)'),
  to('[::127.0.0.1]', 'compatible'),
  to('[64:ff9b::127.0.0.1]', 'NAT64'),
  to('[64:ff9b::a9fe:a9fe]', 'metadata by NAT64'),
  to('[64:ff9b:1::a00:1]', 'NAT64 of the local network'),
  to('[2002:7f00:1::]', '6to4'),
  to('[2001:0:7f00:1::]', 'a Teredo server'),
  to('[2001:0:808:808:8000:ffff:80ff:fffe]', 'a Teredo client'),
  to('[2606:4700::5efe:a00:1]', 'ISATAP'),
  to('[2606:4700::200:5efe:7f00:1]', 'ISATAP, with the universal bit'),
  to('[fe80::1]', 'link-local'),
  { trick: 'link-local, with a zone', url: 'http://[fe80::1%25lo]/', isNoUrl: true },
  to('[fc00::1]', 'unique-local'),
  to('[fd00:ec2::254]', 'metadata of AWS'),
  to('[fec0::1]', 'site-local'),
  to('[ff02::1]', 'multicast'),
  to('[100::1]', 'discard-only'),
  to('[2001:db8::1]', 'documentation'),
  to('[3fff::1]', 'documentation, the newer range'),
  to('[5f00::1]', 'segment routing'),
  to('[4000::1]', 'not allocated'),
]

const SPELLINGS: readonly Trick[] = [
  to('１２７.０.０.１', 'full-width digits'),
  to('①②⑦.⓪.⓪.①', 'digits in circles'),
  to('127。0。0。1', 'ideographic full stops'),
  to('127.0.0\u00AD.1', 'a soft hyphen'),
  to('127.0.0\t.1', 'a tab, which URLs drop'),
  to('127%2e0%2e0%2e1', 'dots, percent-encoded'),
  to('%31%32%37.0.0.1', 'digits, percent-encoded'),
  { trick: 'percent-encoded twice', url: 'http://127%252e0.0.1/', isNoUrl: true },
  { trick: 'no slashes', url: 'http:127.0.0.1/' },
  { trick: 'backslashes', url: 'http:\\\\127.0.0.1\\@public.test\\' },
  { trick: 'userinfo that looks like a host', url: `http://${PUBLIC_NAME}@127.0.0.1/` },
  { trick: 'userinfo that looks like host and port', url: `http://${PUBLIC_NAME}:80@127.0.0.1/` },
  { trick: 'userinfo with a fragment in it', url: `http://${PUBLIC_NAME}%23@127.0.0.1/` },
  { trick: 'two at signs', url: `http://a@${PUBLIC_NAME}@127.0.0.1/` },
  { trick: 'a fragment that looks like a host', url: `http://127.0.0.1#@${PUBLIC_NAME}/` },
  { trick: 'a query that looks like a host', url: `http://127.0.0.1?@${PUBLIC_NAME}/` },
]

/** Names that are refused before anything is looked up. */
const LOCAL: readonly Trick[] = [
  to('localhost', 'localhost'),
  to('LocalHost', 'localhost, in other letters'),
  to('localhost.', 'localhost, a dot at the end'),
  to('a.b.localhost', 'a name under localhost'),
  to('a.localhost.', 'a name under localhost, a dot at the end'),
  to('ｌｏｃａｌｈｏｓｔ', 'localhost, in full-width letters'),
  {
    trick: 'localhost that a name server calls public',
    url: 'http://localhost/',
    dns: { localhost: [[PUBLIC]] },
  },
]

const named = (trick: string, name: string, ...answers: readonly string[][]): Trick => ({
  trick,
  url: `http://${name}/`,
  dns: { [name]: answers },
})

const NAMES: readonly Trick[] = [
  named('a name that has its address in it', '127.0.0.1.nip.test', ['127.0.0.1']),
  named('a name of somebody else for loopback', 'localtest.test', ['127.0.0.1']),
  named('a name for this host', 'zero.test', ['0.0.0.0']),
  named('a name for metadata', 'metadata.google.internal', ['169.254.169.254']),
  named('a name with an IPv6 address', 'six.test', ['::1']),
  named('a name with a mapped address', 'mapped.test', ['::ffff:10.0.0.1']),
  named('a name with a NAT64 address', 'nat64.test', ['64:ff9b::7f00:1']),
  named('a name with a zone', 'zone.test', ['fe80::1%eth0']),
  named('a private address after a public one', 'mixed.test', [PUBLIC, '10.0.0.1']),
  named('a private IPv6 address beside a public IPv4 one', 'dual.test', ['fd00::1', PUBLIC]),
  named('a public IPv6 address beside a private IPv4 one', 'lower.test', ['2606:4700::1111', '192.168.0.1']),
  {
    ...named('an address that is public the first time only', 'rebind.test', [PUBLIC], ['127.0.0.1']),
    isRebinding: true,
  },
  named('a name in other letters and with a dot at the end', 'upper.test.', ['10.0.0.1']),
]

const over = (trick: string, url: string, ...before: readonly string[]): Trick => ({
  trick,
  url,
  over: before.length === 0 ? [`http://${PUBLIC_NAME}/`] : before,
  dns: {
    [PUBLIC_NAME]: [[PUBLIC]],
    'second.test': [[PUBLIC]],
    'private.test': [['192.168.1.1']],
  },
})

const REDIRECTS: readonly Trick[] = [
  over('a redirect to loopback', 'http://127.0.0.1/'),
  over('a redirect to loopback, hexadecimal', 'http://0x7f.1/'),
  over('a redirect to loopback, IPv6', 'http://[::1]/'),
  over('a redirect without a scheme', '//127.0.0.1/'),
  over('a redirect to a private name', 'http://private.test/'),
  over('a redirect to localhost, over TLS', 'https://localhost/'),
  over('a redirect to metadata', 'http://169.254.169.254/latest/meta-data/'),
  over('a redirect with userinfo', `http://${PUBLIC_NAME}@127.0.0.1/`),
  over('two redirects', 'http://10.0.0.1/', `http://${PUBLIC_NAME}/`, 'http://second.test/'),
  {
    trick: 'a redirect to the same name, which is private by now',
    url: `http://${PUBLIC_NAME}:8080/`,
    over: [`http://${PUBLIC_NAME}/`],
    dns: { [PUBLIC_NAME]: [[PUBLIC], ['127.0.0.1']] },
  },
]

/** The table. */
export const TRICKS: readonly Trick[] = [...LITERALS, ...IPV6, ...SPELLINGS, ...LOCAL, ...NAMES, ...REDIRECTS]

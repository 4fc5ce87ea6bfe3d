// Deliberate faults in the guard and where it acts: each takes something away that a promise of docs/guard.md rests on. One of the
// plays must catch every one of them.

import type { Fault } from '../../../support/fault-hunt.ts'

const DIAL = 'io/guarded-dial.js'
const PLANS = 'client/plans.js'
const ROUTE = 'transport/open-route.js'
const OPTION = 'client/guard-option.js'
const GUARD = 'layers/guard/guard.js'
const JUDGE = 'layers/guard/judge-address.js'
const TABLE = 'layers/guard/special-addresses.js'

const fault = (does: string, file: string, find: string, replace: string): Fault => ({
  does,
  file,
  find,
  replace,
  within: 200,
})

export const FAULTS: readonly Fault[] = [
  fault(
    'looks a name up again after it was checked',
    DIAL,
    'lookup: answering(found)',
    'lookup: target.lookup',
  ),
  fault('checks no address', DIAL, 'guard.checkAddresses(target, found.map(({ address }) => address));', ''),
  fault('checks the first address of a name only', DIAL, 'found.map(', 'found.slice(0, 1).map('),
  fault('checks nothing before the look-up', DIAL, 'guard.checkPlace(target);', ''),
  fault(
    'does not look where the stream of a connector leads',
    DIAL,
    'guard.checkPeer(target, dialed.stream.address);',
    '',
  ),
  fault('leaves a stream open that it refuses', DIAL, 'dialed.stream.destroy();', ''),
  fault(
    'checks the first connection only, and none of a redirect',
    PLANS,
    'const guarded = asked === undefined',
    'const guarded = asked === undefined || (this.times = (this.times ?? 0) + 1) > 1',
  ),
  fault('uses a connection that was opened without it', PLANS, 'pipelining, guard]', 'pipelining]'),
  fault(
    'asks a function once for each connection',
    PLANS,
    'if (!guard.asksFunctions && !isForwarding)',
    'if (!isForwarding)',
  ),
  fault(
    'forgets that a proxy leads anywhere which is sent the requests themselves',
    PLANS,
    'if (!guard.asksFunctions && !isForwarding)',
    'if (!guard.asksFunctions)',
  ),
  fault('asks for a tunnel to what it has not judged', ROUTE, 'this.#checkBeyond(rest);', ''),
  fault(
    'does not judge what a SOCKS proxy is given',
    ROUTE,
    'guard?.checkAddresses(place, found.map(({ address }) => address));',
    '',
  ),
  fault(
    'believes a connector of the caller',
    PLANS,
    'guardedConnector(plain, asked, connect !== undefined)',
    'guardedConnector(plain, asked, false)',
  ),
  fault('lets a request switch it off', OPTION, "if (place === 'client' || base === undefined)", 'if (true)'),
  fault('lets a request take its place', OPTION, '[...base, rule]', '[rule]'),
  fault('forgets the rule of a request', OPTION, '[...base, rule]', 'base'),
  fault('lets names under localhost be looked up', GUARD, '!isLocalName(host)', 'true'),
  fault('knows localhost by its last letters only', GUARD, 'localhost\\.?$/i', 'localhost$/'),
  fault('lets unix sockets through', GUARD, 'if (socketPath !== undefined)', 'if (false)'),
  fault('lets through what is not false', GUARD, 'if (answer === true)', 'if (answer !== false)'),
  fault(
    'lets through where a function throws',
    GUARD,
    "return refuse('the function guard threw', cause);",
    'return undefined;',
  ),
  fault(
    'judges each request by the URL of the first',
    GUARD,
    'const refusal = judge(url);',
    'const refusal = judge(this.#asked()[0]);',
  ),
  fault('trusts a place that has the name of a proxy', GUARD, 'role !== undefined &&', ''),
  fault(
    'trusts every proxy with names',
    GUARD,
    "if (isTrusted(rule.proxies, { ...proxy, role: 'the proxy' }))",
    'if (true)',
  ),
  fault(
    'does not judge addresses behind a proxy',
    GUARD,
    'return judgeDialled(rule, to, address, url);',
    'return undefined;',
  ),
  fault('takes mapped addresses for what they look like', JUDGE, 'row.holdsIPv4 ||', ''),
  fault('does not know ISATAP', JUDGE, '|| isIsatap(ip)', ''),
  fault(
    'goes by the widest range',
    JUDGE,
    'b.range.length - a.range.length',
    'a.range.length - b.range.length',
  ),
  fault(
    'takes what is not allocated for public',
    TABLE,
    "['2000::/3', 'Global Unicast'",
    "['4000::/2', 'no', 'no'], ['2000::/3', 'Global Unicast'",
  ),
  fault('does not know metadata of Azure', TABLE, "['168.63.129.16/32',", "['168.63.129.255/32',"),
  fault('does not know 6to4', TABLE, "['2002::/16',", "['2003::/16',"),
  fault(
    'tries again what it has refused',
    'layers/retry-failure.js',
    "CONNECT_REFUSED: 'again',",
    "CONNECT_REFUSED: 'again', GUARD_REFUSED: 'again',",
  ),
]

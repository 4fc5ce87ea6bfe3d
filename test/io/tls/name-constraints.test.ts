// For which hosts an authority may issue: RFC 5280 §4.2.1.10.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { DNS_NAME, type Element, IP_ADDRESS } from '../../../src/io/tls/certificate-der.ts'
import { mayIssueFor } from '../../../src/io/tls/certificate-names.ts'
import { checkOpenHandles } from '../../support/open-handles.ts'

checkOpenHandles()

const domain = (name: string): Element => ({ tag: DNS_NAME, content: Buffer.from(name) })
const network = (...bytes: number[]): Element => ({ tag: IP_ADDRESS, content: Uint8Array.from(bytes) })
const mailbox: Element = { tag: 0x81, content: Buffer.from('a.test') }

const LOOPBACK = network(127, 0, 0, 0, 255, 0, 0, 0)
const NO_IPV4 = network(0, 0, 0, 0, 0, 0, 0, 0)
const NO_IPV6 = network(...Array.from({ length: 32 }, () => 0))

describe('an authority with name constraints', () => {
  const cases: [what: string, host: string, permitted: Element[], excluded: Element[], may: boolean][] = [
    ['the domain itself', 'a.test', [domain('a.test')], [], true],
    ['a name below the domain', 'x.y.a.test', [domain('b.test'), domain('A.TEST')], [], true],
    ['a name below it that ends in a dot', 'X.A.test.', [domain('a.test')], [], true],
    ['a name that ends alike', 'xa.test', [domain('a.test')], [], false],
    ['another name', 'b.test', [domain('a.test')], [], false],
    ['every name', 'b.test', [domain('')], [], true],
    ['the domain, where those below it are permitted', 'a.test', [domain('.a.test')], [], false],
    ['a name below it, where those below it are permitted', 'b.a.test', [domain('.a.test')], [], true],
    ['what is not excluded', 'b.test', [], [domain('a.test')], true],
    ['what is excluded', 'b.a.test', [], [domain('a.test')], false],
    ['what is permitted and excluded', 'b.a.test', [domain('a.test')], [domain('b.a.test')], false],
    ['a name, where addresses are constrained', 'a.test', [LOOPBACK], [NO_IPV4, NO_IPV6], true],
    ['a name, where mail is constrained', 'b.test', [mailbox], [mailbox], true],
    ['an address in the network', '127.1.2.3', [LOOPBACK], [], true],
    ['an address outside', '10.0.0.1', [LOOPBACK], [], false],
    ['an address of the other family', '[::1]', [LOOPBACK], [], false],
    ['an address, where names are constrained', '10.0.0.1', [domain('a.test')], [], true],
    ['an address where there may be none', '[::1]', [domain('a.test')], [NO_IPV4, NO_IPV6], false],
  ]
  for (const [what, host, permitted, excluded, may] of cases) {
    it(`${may ? 'may' : 'may not'} issue for ${what}`, () => {
      assert.equal(mayIssueFor({ permitted, excluded }, host), may)
    })
  }
})

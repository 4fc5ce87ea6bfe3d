// The environment, as it is spelled: on Windows a variable is found by its name in any letter case, and enumerated as it was set
// (https://nodejs.org/api/process.html#processenv). A double stands for it here. For HTTP_PROXY under CGI, CVE-2016-5385.

import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { proxyVariables } from '../../src/io/surroundings.ts'
import { chooseRoute } from '../../src/proxy/choose.ts'
import { environmentProxies, PROXY_VARIABLES } from '../../src/proxy/environment.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

const HTTP = { scheme: 'http', host: 'example.test', port: 80 } as const

/** An environment as that of Windows. */
function withoutCase(variables: Record<string, string>): NodeJS.ProcessEnv {
  const nameOf = (name: string | symbol): string | undefined =>
    Object.keys(variables).find((one) => one.toUpperCase() === String(name).toUpperCase())
  return new Proxy(variables, {
    get: (_, name) => variables[nameOf(name) ?? ''],
    has: (_, name) => nameOf(name) !== undefined,
  })
}

describe('the environment where names have no letter case', () => {
  const real = Object.getOwnPropertyDescriptor(process, 'env')!
  let variables: Record<string, string> = {}
  beforeEach(() => {
    variables = {}
    Object.defineProperty(process, 'env', { ...real, value: withoutCase(variables) })
  })
  afterEach(() => Object.defineProperty(process, 'env', real))

  it('gives no HTTP_PROXY to a CGI program, by no other name', () => {
    Object.assign(variables, { REQUEST_METHOD: 'GET', HTTP_PROXY: 'http://client.test:1' })
    assert.equal(process.env['http_proxy'], 'http://client.test:1')
    assert.deepEqual(chooseRoute(environmentProxies(proxyVariables(PROXY_VARIABLES)), HTTP).proxies, [])
  })

  it('gives each variable once, by the name that it was set by', () => {
    Object.assign(variables, { HTTP_PROXY: 'http://upper.test:1', no_proxy: 'lower.test', OTHER: 'x' })
    assert.deepEqual(
      { ...proxyVariables(PROXY_VARIABLES) },
      { HTTP_PROXY: 'http://upper.test:1', no_proxy: 'lower.test' },
    )
  })
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MEANT } from '../../src/client/meant-option.ts'
import { CLIENT_OPTIONS } from '../../src/client/options.ts'
import { Client, type ClientRequestOptions, HTTPConnection } from '../../src/index.ts'
import { rejectionOf } from '../support/memory-connection.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

/** What an option of a client is refused with. */
function refusalOf(option: object): string {
  try {
    void new Client(option)
  } catch (error) {
    return (error as Error).message
  }
  throw new Error('it was taken')
}

describe('an option that is none', () => {
  for (const [name, here] of MEANT)
    it(`is told what it is called here: ${name}`, () => {
      assert.equal(Object.hasOwn(CLIENT_OPTIONS, name), false)
      const first = /^[a-zA-Z]+/.exec(here)![0]
      assert.ok(Object.hasOwn(CLIENT_OPTIONS, first) || here.startsWith('the verbs of the promise'), here)
      const message = refusalOf({ [name]: 1 })
      assert.ok(message.startsWith(`Client: unknown option '${name}'; known: baseUrl, `))
      assert.ok(message.endsWith(`. Try: ${here}`), message)
    })

  it('is told where it belongs', async () => {
    assert.match(refusalOf({ json: {} }), /unknown option 'json'; .* Try: json is for a request$/)
    const client = new Client()
    const error = await rejectionOf(client.get('http://a.test/', { pool: {} } as ClientRequestOptions))
    assert.match(error.message, /unknown option 'pool'; .* Try: pool is for new Client\(\)$/)
    await client.close()
  })

  it('may be a member of what was to be the body, as axios takes it', async () => {
    const client = new Client()
    const error = await rejectionOf(client.post('http://a.test/', { cheese: 1 } as ClientRequestOptions))
    assert.match(error.message, /unknown option 'cheese'; .* Try: json: \{ … \}, if this is the body$/)
    const near = await rejectionOf(client.get('http://a.test/', { heders: {} } as ClientRequestOptions))
    assert.match(near.message, / Try: headers$/)
    assert.match(refusalOf({ cheese: 1 }), /onWarning$/)
    await client.close()
  })

  it('is told what is near in letters, at each height', () => {
    assert.match(refusalOf({ timout: 1 }), /; known: .* Try: timeout$/)
    assert.match(refusalOf({ pool: { perorigin: 1 } }), /; known: .* Try: perOrigin$/)
    assert.throws(
      () => new HTTPConnection('a.test', 80, { keepalive: 1 } as never),
      /unknown option 'keepalive'; known: .* Try: keepAlive$/,
    )
  })

  it('is told nothing where nobody can say what was meant', () => {
    assert.match(refusalOf({ flavour: 1 }), /unknown option 'flavour'; known: [a-zA-Z, ]+$/)
  })
})

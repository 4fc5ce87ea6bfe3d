// What can go wrong, told apart by class. The message says what happened, to which request, and what to try.

import { Client, ConnectError, DecodeError, StatusError, TimeoutError } from 'httplib-ts'

const api = new Client({ baseUrl: `${process.argv[2] ?? 'https://api.example.com'}/`, retry: false })

async function tryTo(work: () => Promise<unknown>): Promise<void> {
  try {
    console.log('answered:', await work())
  } catch (error) {
    if (error instanceof StatusError) console.log(`the server said ${error.status}: ${error.text}`)
    else if (error instanceof TimeoutError) console.log(`too slow: ${error.phase} took ${error.timeoutMs} ms`)
    else if (error instanceof ConnectError) console.log(`not reached, so not acted: ${!error.mayHaveActed}`)
    else if (error instanceof DecodeError) console.log(`not what it says it is: ${error.code}`)
    else throw error
  }
}

await tryTo(() => api.get('todos/1').json())
await tryTo(() => api.get('todos/999').json())
await tryTo(() => api.get('page-that-is-no-json').json())
await tryTo(() => api.get('slow', { timeout: { headers: 100 } }).text())
await tryTo(() => api.get('http://127.0.0.1:1/').text())

// Without a verb of reading, a status is an answer as any other:
const response = await api.get('todos/999')
console.log(response.ok, response.status)
await response.text()
await api.close()

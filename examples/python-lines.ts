// A program of Python 3's http.client: keyword arguments, a stream that is read line by line, and the errors it looks for.
//
//     node build/examples/python-lines.js [host[:port]]

// In a project of your own: import * as httplib from 'httplib-ts/python'
import * as httplib from '../src/python/index.ts'

const conn = new httplib.HTTPConnection(process.argv[2] ?? 'www.python.org', null, { timeout: 10 })
try {
  await conn.request('GET', '/index.html')
  const response = await conn.getresponse()
  if (response.status !== httplib.HTTPStatus.OK.value) throw new Error(response.reason)
  console.log(response.headers.get_content_type(), response.headers.get_content_charset('utf-8'))
  for await (const line of response) console.log(line.toString().trimEnd())
} catch (error) {
  if (error instanceof httplib.OSError) console.error('no connection:', error.message)
  else if (error instanceof httplib.HTTPException) console.error(error.name, error.message)
  else throw error
} finally {
  conn.close()
}

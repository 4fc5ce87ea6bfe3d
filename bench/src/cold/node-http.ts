// One GET with `node:http`.

import http from 'node:http'
import { tell } from './told.ts'

http.get(process.argv[2]!, (response) => {
  let text = ''
  response.setEncoding('utf8')
  response.on('data', (piece: string) => (text += piece))
  response.on('end', () => tell(text.length, process.versions.node))
})

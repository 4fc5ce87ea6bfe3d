// A token that runs out: a function gets it, is called once for all requests, and once more when a server does not take it any
// more. What waits meanwhile shares the call, and a second refusal is the answer.

import { Client } from 'httplib-ts'

const origin = process.argv[2] ?? 'https://api.example.com'
const plain = new Client()

const bearer = async (): Promise<string> => {
  const { access_token } = await plain.post(`${origin}/token`).json<{ access_token: string }>()
  return access_token
}

const api = plain.extend({ auth: { bearer } })
const answers = await Promise.all([1, 2, 3].map((id) => api.get(`${origin}/items/${id}`).text()))
console.log(answers.join(' '))
await plain.close()

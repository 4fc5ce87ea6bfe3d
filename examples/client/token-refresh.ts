// A layer that signs each request with a token, and gets a new one when the server does not take it any more: one refresh
// for all requests that wait, and never in a loop.

import { Client, type Layer, withChanges } from 'httplib-ts'

const origin = process.argv[2] ?? 'https://api.example.com'
const plain = new Client()
let token: Promise<string> | undefined

const fetchToken = async (): Promise<string> => {
  try {
    const { access_token } = await plain.post(`${origin}/token`).json<{ access_token: string }>()
    return access_token
  } catch (error) {
    token = undefined // the next request tries again
    throw error
  }
}

const bearer: Layer = (next) => async (request) => {
  const sendWith = async (current: Promise<string>) => {
    const line = ['Authorization', `Bearer ${await current}`] as const
    return next(withChanges(request, { fields: [...request.fields, line] }))
  }
  const used = (token ??= fetchToken())
  const response = await sendWith(used)
  if (response.status !== 401) return response
  response.close()
  // Whoever comes first throws the old one away; who comes later finds the new one.
  if (token === used) token = fetchToken()
  return sendWith(token)
}

const api = plain.extend({ layers: [bearer] })
const answers = await Promise.all([1, 2, 3].map((id) => api.get(`${origin}/items/${id}`).text()))
console.log(answers.join(' '))
await plain.close()

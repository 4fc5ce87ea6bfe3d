// A JSON API: typed answers, errors with what the server said, one client for all calls.

import { Client, StatusError } from 'httplib-ts'

interface User {
  readonly id: number
  readonly name: string
}

const api = new Client({
  baseUrl: `${process.argv[2] ?? 'https://api.example.com'}/v1/`,
  headers: { Authorization: 'Bearer token' },
  timeout: { total: 30_000 },
})

const user = await api.get('users/7').json<User>()
console.log(user.name)

const made = await api.post('users', { json: { name: 'Grace' } }).json<User>()
console.log(made.id)

try {
  await api.get('users/999').json<User>()
} catch (error) {
  if (!(error instanceof StatusError)) throw error
  console.log(error.status, error.text)
}
await api.close()

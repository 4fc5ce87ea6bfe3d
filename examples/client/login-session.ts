// A session that outlives the process: who is logged in stays so, since the jar keeps itself in a file.

import { Client } from 'httplib-ts'
import { CookieJar, FileCookieStore } from 'httplib-ts/cookies'

const origin = process.argv[2] ?? 'https://shop.example.com'
const store = await FileCookieStore.open(process.argv[3] ?? 'session.json')
const shop = new Client({ baseUrl: origin, cookies: new CookieJar(store) })

let account = await shop.get('/account', { redirect: false })
if (account.status === 302) {
  account.close() // it leads to the form
  console.log('logging in')
  account = await shop.post('/login', { form: { user: 'ada', password: 'lovelace' } }) // sets the cookie, and redirects back
}
console.log(await account.text())
await store.flush() // every change is written by itself; this waits for the last one
await shop.close()

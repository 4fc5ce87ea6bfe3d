// One GET with undici's `request`.

import type * as Undici from 'undici'
import { importPeer, peerVersion } from '../peers.ts'
import { tell } from './told.ts'

const { request } = (await importPeer('undici')) as typeof Undici
const { body } = await request(process.argv[2]!)
tell((await body.text()).length, peerVersion('undici'))

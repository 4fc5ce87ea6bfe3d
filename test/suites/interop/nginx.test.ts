import { checkOpenHandles } from '../../support/open-handles.ts'
import { findPeer, startNginx } from '../../support/peers.ts'
import { describePeer } from './suite.ts'

checkOpenHandles()

const program = findPeer('nginx')
describePeer('nginx', program === undefined ? undefined : () => startNginx(program))

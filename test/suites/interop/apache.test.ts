import { checkOpenHandles } from '../../support/open-handles.ts'
import { findPeer, startApache } from '../../support/peers.ts'
import { describePeer } from './suite.ts'

checkOpenHandles()

const program = findPeer('apache2')
describePeer('Apache', program === undefined ? undefined : () => startApache(program))

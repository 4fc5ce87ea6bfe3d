import { checkOpenHandles } from '../../support/open-handles.ts'
import { findPeer, startPython } from '../../support/peers.ts'
import { describePeer } from './suite.ts'

checkOpenHandles()

const program = findPeer('python3')
describePeer("Python's http.server", program === undefined ? undefined : () => startPython(program))

import { checkOpenHandles } from '../../support/open-handles.ts'
import { startNode } from './node-server.ts'
import { describePeer } from './suite.ts'

checkOpenHandles()

describePeer('node:http', startNode)

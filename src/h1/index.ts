/** The engine by itself: HTTP/1 without I/O, in both roles. Public as `httplib-ts/h1`. */
export { type FieldLine } from '../core/fields.ts'
export * from '../errors/index.ts'
export { H1Engine, type H1EngineOptions } from './engine.ts'
export type * from './events.ts'
export type { Progress } from './exchange.ts'
export { LIMITS, type LimitName, type LimitOptions, type Limits } from './limits.ts'
export { JOINT_TRANSITIONS, type Role, type State, TRANSITIONS, type Transition } from './states.ts'
export { TOLERANCES, type ToleranceName, type ToleranceOptions, type Tolerances } from './tolerances.ts'

export { firedReadings } from './fired.ts'
export { ladderCases } from './ladder.ts'

import { types } from 'node:util'

export const isObject = (given: unknown): given is object => typeof given === 'object' && given !== null

/** Also one of another realm, as of `node:vm`. Anything can be given, also what throws when it is looked at. */
export const isError = (given: unknown): given is Error => {
  try {
    return given instanceof Error || types.isNativeError(given)
  } catch {
    return false
  }
}

/** Series that rules read and that no server on a machine for tests serves: why not. */
export const unseen: Readonly<Record<string, string>> = {}

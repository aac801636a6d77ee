const event = 'unhandledRejection'

/**
 * Hears of rejections that nobody handled only where somebody else of the process does: a listener of ours alone would
 * keep Node from treating them as it would without us. Returns what stops it.
 */
export const besideOthers = (hear: (reason: unknown) => void) => {
  let hears = false
  const settle = (others: boolean) => {
    if (others === hears) return
    hears = others
    if (others) process.on(event, hear)
    else process.off(event, hear)
  }
  const othersThere = () => process.listeners(event).some((one) => one !== hear)
  const onNew = (name: string | symbol, listener: unknown) => {
    if (name === event && listener !== hear) settle(true)
  }
  const onGone = (name: string | symbol) => {
    if (name === event) settle(othersThere())
  }
  settle(othersThere())
  process.on('newListener', onNew).on('removeListener', onGone)
  return () => {
    process.off('newListener', onNew).off('removeListener', onGone)
    settle(false)
  }
}

import { accessSync, closeSync, constants, fstatSync, fsync, mkdirSync, openSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import sonic, { type SonicBoom } from 'sonic-boom'
import { wordsOf } from '../../failure.ts'
import { rotate } from './rotation.ts'

export interface LogFileOptions {
  readonly path: string
  /**
   * Bytes that it may have: it is rotated before the line that would make it larger. While another process rotates it,
   * lines do not wait for that, and it may become larger.
   */
  readonly size: number
  /** How many files there are at most, the current one among them. */
  readonly keep: number
  /** So many lines could not be written, and are gone. */
  readonly onLost: (lines: number) => void
  /** Told once when something fails, and once when it works again. Must not throw. */
  readonly tell: (words: string, cause?: unknown) => void
}

export interface LogFile {
  /** The line is with the system when this returns: it outlives the process, however that ends. Never throws. */
  write(line: string): void
  /** Opens the file anew. Nobody has to call it: that the file was moved or removed is noticed before the next line. */
  reopen(): void
  /** What is written is on the disk itself when this resolves, so that it outlives the machine's end too. */
  sync(): Promise<void>
  close(): void
}

/** Bytes of lines that are kept while they cannot be written. */
const patience = 1_048_576
/** Milliseconds before what could not be rotated is tried again. */
const rotateAgainAfter = 1_000

interface Open {
  readonly fd: number
  readonly inode: number
  readonly device: number
  readonly boom: SonicBoom
  /** It holds a line that could not be written, or not to its end. */
  stuck: boolean
}

const openAt = (path: string, onError: (cause: Error) => void): Open => {
  mkdirSync(dirname(path), { recursive: true })
  const fd = openSync(path, 'a', 0o644)
  const { ino: inode, dev: device } = fstatSync(fd)
  // Where the system says "later", the line waits as on a full disk: the library would stop the process meanwhile.
  const boom = new sonic.SonicBoom({ fd, sync: true, maxLength: 2 * patience, retryEAGAIN: () => false })
  const file: Open = { fd, inode, device, boom, stuck: false }
  boom.on('error', (cause) => {
    file.stuck = true
    onError(cause)
  })
  return file
}

/** A full disk at the start is no fault of the settings, and may have room later. */
const passes = (cause: unknown) => /^(?:ENOSPC|EDQUOT|EMFILE|ENFILE):/.test(wordsOf(cause))

/** Remembers whether something fails, and tells of a change only. */
const faultOf = (what: string, again: string, tell: LogFileOptions['tell']) => {
  let failing = false
  return {
    note: (cause: unknown) => {
      const known = failing
      failing = true
      if (!known) tell(`${what}: ${wordsOf(cause)}`, cause)
    },
    clear: () => {
      if (failing) tell(again)
      failing = false
    },
  }
}

type Fault = ReturnType<typeof faultOf>

interface Placing extends Pick<LogFileOptions, 'path' | 'size' | 'keep' | 'onLost'> {
  readonly writing: Fault
  readonly rotating: Fault
}

/** The file that stands at a path, whoever moves it or fills it meanwhile. */
const placed = ({ path, size, keep, onLost, writing, rotating }: Placing) => {
  let file: Open | undefined
  let rotateFrom = 0

  const leave = () => {
    const left = file
    file = undefined
    if (!left) return
    try {
      // Room may have come by the very move that we follow.
      if (left.stuck) left.boom.flushSync()
    } catch {
      onLost(1)
    }
    try {
      closeSync(left.fd)
    } catch {
      // A network disk tells here of what it could not keep. There is nothing left to write it with.
    }
  }

  const makeRoom = (bytes: number) => {
    try {
      if (rotate({ path, keep, isFull: (now) => now > 0 && now + bytes > size })) leave()
      rotating.clear()
    } catch (cause) {
      // Better a file that is too large than lines that are lost.
      rotateFrom = Date.now() + rotateAgainAfter
      rotating.note(cause)
    }
  }

  return {
    leave,
    now: () => file,
    /** The file that stands there now, with room for so many bytes. */
    withRoom: (bytes: number): Open => {
      const found = statSync(path, { throwIfNoEntry: false })
      if (file && (found?.ino !== file.inode || found.dev !== file.device)) leave()
      const full = found !== undefined && found.size > 0 && found.size + bytes > size
      if (full && found.isFile() && Date.now() >= rotateFrom) makeRoom(bytes)
      file ??= openAt(path, writing.note)
      return file
    },
    /** @throws Error where it cannot be opened, or its folder cannot be written for the rotation */
    open: () => {
      file = openAt(path, writing.note)
      accessSync(dirname(path), constants.W_OK | constants.X_OK)
    },
  }
}

/** Whether it is written. One that is not stays in the file that is stuck, and is tried again before the next. */
const put = (target: Open, line: string) => {
  if (target.stuck) {
    target.stuck = false
    target.boom.write('')
    if (target.stuck) return false
  }
  target.boom.write(line)
  return true
}

/** What cannot be synchronised, as a pipe, has nothing to be. */
const synced = (file: Open | undefined) =>
  new Promise<void>((resolve) => {
    if (file) fsync(file.fd, () => resolve())
    else resolve()
  })

/**
 * A file of lines that several processes may write: a line is one write at its end. Whoever moves it away (logrotate)
 * need not tell.
 * @throws Error where the folder cannot be made or written at the start
 */
export const logFile = ({ path, size, keep, onLost, tell }: LogFileOptions): LogFile => {
  const writing = faultOf(`could not write ${path}, lines wait and then are lost`, `${path} can be written again`, tell)
  const rotating = faultOf(`could not rotate ${path}, it grows`, `${path} can be rotated again`, tell)
  const place = placed({ path, size, keep, onLost, writing, rotating })
  const waiting: string[] = []
  let waitingBytes = 0
  let closed = false

  const drain = () => {
    try {
      for (let line = waiting[0]; line !== undefined; line = waiting[0]) {
        if (!put(place.withRoom(Buffer.byteLength(line)), line)) break
        waiting.shift()
        waitingBytes -= line.length
      }
      if (waiting.length === 0 && !place.now()?.stuck && !closed) writing.clear()
    } catch (cause) {
      writing.note(cause)
    }
  }

  try {
    place.open()
  } catch (cause) {
    place.leave()
    if (!passes(cause)) throw cause
    writing.note(cause)
  }

  return {
    write: (line) => {
      const fits = () => !closed && waitingBytes + line.length <= patience
      if (!fits()) drain()
      if (!fits()) return onLost(1)
      waiting.push(line)
      waitingBytes += line.length
      drain()
    },
    reopen: place.leave,
    sync: async () => {
      if (place.now()?.stuck) place.leave()
      await synced(place.now())
    },
    close: () => {
      if (closed) return
      closed = true
      place.leave()
      if (waiting.length > 0) onLost(waiting.length)
    },
  }
}

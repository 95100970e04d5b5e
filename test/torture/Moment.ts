/** Real moments of a real process. Nothing here waits for something to have happened by then. */
import { watch } from "node:fs"

export const pass = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds))

/** Resolves when a name with this end appears in the directory of the manifests, or the run ends. */
export const seen = (data: string, end: string, ended: Promise<unknown>) =>
  new Promise<void>((resolve) => {
    const watcher = watch(`${data}/runs`, (_, name) => {
      if (name?.endsWith(end) === true) done()
    })
    const done = () => {
      watcher.close()
      resolve()
    }
    void ended.then(done)
  })

/** Chooses moments in the life of a process. Tests never depend on how much has happened by then. */
import { watch } from "node:fs"

export const pass = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds))

/** Resolves when a file whose name ends so appears among the manifests, or when the run ends. */
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

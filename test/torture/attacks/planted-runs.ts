/**
 * W2: planted runs, open, sealed or published, whose manifests name code, hosts and places outside the data directory.
 */
import { mkdirSync, symlinkSync } from "node:fs"
import { join } from "node:path"
import {
  type Ground,
  open,
  outside,
  part,
  planted,
  published,
  receipt,
  type Row,
  sealed,
  signed,
  write
} from "./ground.ts"

/** Ways to name a module. */
const modules: ReadonlyArray<readonly [how: string, name: (ground: Ground) => string]> = [
  ["a relative path", () => "./planted.mjs"],
  ["an absolute path", ({ module }) => module],
  ["a way up and down", ({ module }) => `/tmp/../${module}`],
  ["a URL", ({ module }) => `file://${module}`],
  [
    "code in a URL",
    ({ outside }) =>
      `data:text/javascript,${
        encodeURIComponent(`import { writeFileSync } from "node:fs"; writeFileSync("${outside}/ran", "")`)
      }`
  ],
  ["a package", () => "effect/Effect"],
  ["a part of Node", () => "node:fs"]
]

const openRows = modules.map(([how, name]): Row => ({
  name: `an open run of a sink that is ${how}`,
  plant: open((ground) => ({ sink: name(ground), location: join(ground.data, "csv") })),
  code: 0,
  says: outside
}))

const sealedRows = modules.map(([how, name]): Row => ({
  name: `a sealed run of a sink that is ${how}`,
  plant: sealed((ground) => ({ sink: name(ground), location: join(ground.data, "csv") })),
  code: 4,
  says: outside
}))

const publishedRows = modules.map(([how, name]): Row => ({
  name: `a published run of a sink that is ${how}`,
  plant: published((ground) => ({ sinks: [receipt({ sink: name(ground), location: join(ground.data, "csv") })] })),
  args: ["verify", "--all"],
  code: 4,
  says: /A manifest alone loads no module/
}))

/** Ways to name a place outside the data directory. A file there must not be moved, removed or read. */
const places: ReadonlyArray<readonly [how: string, place: (ground: Ground) => string]> = [
  ["another path", ({ outside }) => outside],
  ["a way up", ({ data }) => `${data}/../outside`],
  ["a link", ({ data, outside }) => {
    symlinkSync(outside, join(data, "link"))
    return join(data, "link")
  }],
  ["a link in the way", ({ data, folder }) => {
    symlinkSync(folder, join(data, "link"))
    return join(data, "link/outside")
  }],
  ["a link before a ?", ({ data, outside }) => {
    symlinkSync(outside, join(data, "link"))
    return `${join(data, "link")}?bom=no`
  }]
]

const placeRows = places.flatMap(([how, place]): ReadonlyArray<Row> => [
  {
    name: `an open run at ${how}`,
    plant: open((ground) => ({ sink: "csv", location: place(ground) })),
    code: 0,
    says: outside
  },
  {
    name: `a sealed run at ${how}`,
    plant: sealed((ground) => ({
      sink: "csv",
      location: place(ground),
      publication: { moves: [{ from: join(ground.outside, part("users")), to: join(ground.outside, "victim") }] }
    })),
    code: 4,
    says: outside
  },
  {
    name: `a published run at ${how}`,
    plant: published((ground) => ({ sinks: [receipt({ sink: "csv", location: place(ground) })] })),
    args: ["verify", "--all"],
    code: 4,
    says: /leads nowhere outside/
  }
])

/** A sealed run in the data directory whose publication moves a file. `make` gives the file and the target. */
const move = (name: string, make: (ground: Ground) => readonly [from: string, to: string]): Row => ({
  name: `a move ${name}`,
  plant: (ground) => {
    const [from, to] = make(ground)
    sealed(({ data }) => ({ sink: "csv", location: join(data, "csv"), publication: { moves: [{ from, to }] } }))(ground)
  },
  code: 73,
  says: /json\.sealed is damaged; move it away/
})

const staged = ({ data }: Ground) => {
  const file = join(data, "csv", part("users"))
  write(file, "planted")
  return file
}

const moves: ReadonlyArray<Row> = [
  move("through a link", (ground) => {
    symlinkSync(ground.outside, join(ground.data, "csv/out"))
    return [staged(ground), join(ground.data, "csv/out/victim")]
  }),
  move("through a link in the way", (ground) => {
    symlinkSync(ground.folder, join(ground.data, "csv/out"))
    return [staged(ground), join(ground.data, "csv/out/outside/victim")]
  }),
  move("up", (ground) => [staged(ground), join(ground.data, "csv/../../outside/victim")]),
  move("up, in so many words", (ground) => [staged(ground), `${ground.data}/csv/../../outside/victim`]),
  move("to another path", (ground) => [staged(ground), join(ground.outside, "victim")]),
  move("within the data directory, out of the sink's", (ground) => [staged(ground), join(ground.data, "pii.key")]),
  move("from outside", (ground) => [join(ground.outside, part("users")), join(ground.data, "csv/users/x.csv")]),
  move("of a link", (ground) => {
    const file = join(ground.data, "csv", part("users"))
    symlinkSync(join(ground.outside, "secret"), file)
    return [file, join(ground.data, "csv/users/x.csv")]
  })
]

/** No server listens there, so a connection is refused at once and nothing is sent. */
const named = "postgres://duo@127.0.0.1:1/d?schema=duo_mfa"

const postgres: ReadonlyArray<Row> = [
  {
    name: "an open run in a database elsewhere",
    plant: open(({ elsewhere }) => ({ sink: "postgres", location: elsewhere })),
    code: 0,
    says: outside
  },
  {
    name: "a sealed run in a database elsewhere",
    plant: sealed(({ elsewhere: location }) => ({
      sink: "postgres",
      location,
      publication: { location, run_id: planted }
    })),
    code: 4,
    says: outside
  },
  {
    name: "a published run in a database elsewhere",
    plant: published(({ elsewhere: location }) => ({ sinks: [receipt({ sink: "postgres", location })] })),
    args: ["verify", "--all"],
    code: 4,
    says: /A manifest alone/
  },
  {
    name: "a run of a database that is named, whose publication leads elsewhere",
    plant: sealed(({ elsewhere }) => ({
      sink: "postgres",
      location: named,
      publication: { location: elsewhere, run_id: planted }
    })),
    args: ["check", "--offline", "--sink", `postgres:${named}`],
    code: 73,
    says: /damaged/
  }
]

const writtenWith = (fields: object) => signed(JSON.stringify({ format: 2, tool_version: "", ...fields }))

const retention: ReadonlyArray<Row> = [
  {
    name: "a prune of a place outside",
    plant: (ground) => {
      const target = { sink: "csv", location: ground.outside }
      published(() => ({ sinks: [receipt(target)] }))(ground)
      mkdirSync(join(ground.outside, "users"))
      write(join(ground.outside, `users/${planted}.csv`), "kept")
      write(
        join(ground.data, "pruning.json"),
        writtenWith({ day: "2026-11-29", rule: "", places: [{ ...target, ids: [planted] }] })
      )
    },
    code: 0,
    says: /a prune that its process did not finish/
  },
  {
    name: "an erasure of somebody whom the command does not name",
    plant: ({ data }) => {
      const places = [{ sink: "csv", location: join(data, "csv"), rows: {} }]
      mkdirSync(join(data, "erasures"), { mode: 0o700 })
      write(
        join(data, `erasures/${planted}.json.open`),
        writtenWith({ run_id: planted, erased_at: "", tenant: "t", user_id: "DUVICTIM", places, runs: [] })
      )
    },
    args: ["forget-person", "DUOTHER"],
    code: 4,
    says: /erasure of another person was interrupted/
  }
]

export const rows: ReadonlyArray<Row> = [
  ...openRows,
  ...sealedRows,
  ...publishedRows,
  ...placeRows,
  ...moves,
  ...postgres,
  ...retention
]

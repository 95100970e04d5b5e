/**
 * A model of a live tenant: a list, the edits that happen to it between requests, and all states that it had. The users
 * that were read are compared with these states.
 */
import { Dice } from "../../src/emulator/people/Dice.ts"
import type { JsonObject } from "../../src/emulator/people/PythonJson.ts"
import type { Edit } from "../../src/emulator/people/Tenant.ts"
import type { Proof } from "../../src/Pipeline.ts"

/** The edits that may happen between two requests. Positions are thousandths of the list. */
export interface Event {
  readonly what: "add" | "remove" | "replace" | "swap" | "move"
  readonly at: number
  readonly to: number
}

export interface History {
  readonly users: number
  readonly pageSize: number
  readonly concurrency: number
  /** For each request, the edits before it is answered. */
  readonly events: ReadonlyArray<ReadonlyArray<Event>>
}

const kinds = ["add", "remove", "replace", "swap", "move"] as const

/** A history from a seed. Up to 80 % of the first requests have edits before them, later requests have none. */
export const historyOf = (seed: number): History => {
  const dice = new Dice(seed * 2_654_435_761)
  const percent = [0, 3, 10, 30, 80][dice.below(5)] ?? 0
  const quietFrom = dice.below(40)
  const users = dice.below(41)
  return {
    users,
    pageSize: 1 + dice.below(12),
    concurrency: [1, 1, 2, 4][dice.below(4)] ?? 1,
    events: Array.from({ length: quietFrom }, () =>
      dice.chance(percent)
        ? Array.from({ length: 1 + dice.below(3) }, () => ({
          what: dice.pick(kinds),
          at: dice.below(1000),
          to: dice.below(1000)
        }))
        : [])
  }
}

/** A user: an id, a version, and the time of creation in Unix seconds, if Duo gives it. */
export interface LiveUser extends JsonObject {
  user_id: string
  realname: string
  created?: number
}

/** The list and all states that it had. */
export class LiveTenant {
  readonly users: Array<LiveUser>
  /** For each state, the version of each id. */
  readonly states: Array<ReadonlyMap<string, string>> = []
  /** Called after every edit. */
  readonly edited: (edit: Edit) => void
  /** The time of creation of a user who is created now; undefined if Duo does not give it. */
  readonly created: () => number | undefined
  #born = 0
  #versions = 0

  constructor(
    users: number,
    { created = () => undefined, edited = () => undefined }: {
      readonly created?: () => number | undefined
      readonly edited?: (edit: Edit) => void
    } = {}
  ) {
    this.edited = edited
    this.created = created
    this.users = Array.from({ length: users }, () => this.#create())
    this.#remember()
  }

  #create() {
    const created = this.created()
    const user: LiveUser = { user_id: `DU${this.#born++}`, realname: `version ${this.#versions++}` }
    return created === undefined ? user : { ...user, created }
  }

  #remember() {
    this.states.push(new Map(this.users.map(({ realname, user_id }) => [user_id, realname])))
  }

  #insert(at: number, user: LiveUser) {
    this.users.splice(at, 0, user)
    this.edited({ edit: "add", at, user })
  }

  #remove(at: number) {
    const [user] = this.users.splice(at, 1)
    if (user !== undefined) this.edited({ edit: "remove", at })
    return user
  }

  /** One edit is one state; a swap (one leaves, another comes elsewhere) and a move are two edits that cancel out. */
  apply({ at, to, what }: Event) {
    const place = (part: number) => Math.floor(part * this.users.length / 1000)
    switch (what) {
      case "add":
        this.#insert(place(at), this.#create())
        break
      case "remove":
        this.#remove(place(at))
        break
      case "replace": {
        const user = this.users[place(at)]
        if (user === undefined) return
        const changed = { ...user, realname: `version ${this.#versions++}` }
        this.users[place(at)] = changed
        this.edited({ edit: "replace", at: place(at), user: changed })
        break
      }
      case "swap":
        this.#remove(place(at))
        this.#remember()
        this.#insert(place(to), this.#create())
        break
      case "move": {
        const user = this.#remove(place(at))
        if (user !== undefined) this.#insert(place(to), user)
      }
    }
    this.#remember()
  }
}

/** The result of reading the list. */
export interface Read {
  readonly complete: boolean
  /** How completeness was proved. */
  readonly proof: Proof | null
  /** The number of users that changed while they were read, according to the program. */
  readonly changed: number
  readonly users: ReadonlyArray<{ readonly user_id: string; readonly realname: string | null }>
}

/** Says why the result is wrong; undefined if it is the tenant of one moment, or is marked as incomplete. */
export const wrongWith = (
  { changed, complete, proof, users }: Read,
  states: LiveTenant["states"]
): string | undefined => {
  const ids = users.map(({ user_id }) => user_id)
  if (new Set(ids).size < ids.length) return "somebody is there twice"
  const invented = users.find(({ realname, user_id }) =>
    !states.some((state) => state.get(user_id) === realname && realname !== null)
  )
  if (invented !== undefined) return `${invented.user_id} was never so`
  if (!complete) return undefined
  const moments = states.filter((state) => state.size === ids.length && ids.every((id) => state.has(id)))
  if (moments.length === 0) return "it is called complete, and was the tenant at no moment"
  // a user who was read once may have had another version at that moment
  if (proof === "created") return undefined
  const exact = moments.some((state) => users.every(({ realname, user_id }) => state.get(user_id) === realname))
  return exact || changed > 0 ? undefined : "nobody is said to have changed, and it was so at no moment"
}

/**
 * The hosts of the Accounts API: a parent, which lists its children, and each child. Duo documents the list, and that
 * every request to a child has the child's `account_id`. It does not document how it refuses a request without one, or
 * with another one. The refusals here are our guess: the codes that Duo has for a missing parameter and for a resource
 * that the keys may not read.
 */
import type { ReceivedRequest } from "./ReceivedRequest.ts"
import { refuse, type Reply, type ReplyRefusal } from "./Reply.ts"

export type HostAccount =
  | {
    readonly role: "parent"
    /** The JSON text of the list of children. */
    readonly list: () => string
  }
  | { readonly role: "child"; readonly account_id: string }

/** Whether a path is one of the Accounts API. */
export const isAccountsPath = (path: string): boolean => path.startsWith("/accounts/")

/** The refusal of a request that is for another account than the one of the host; undefined if it is not. */
export const refuseAccount = (
  account: HostAccount | undefined,
  { path, query = [] }: ReceivedRequest
): ReplyRefusal | undefined => {
  // the ping has no signature, so it is for no account
  if (account === undefined || path === "/auth/v2/ping") return undefined
  const ids = query.filter(([name]) => name === "account_id").map(([_, value]) => value)
  if (account.role === "parent") {
    // the parent's keys are of the Accounts API, and the Admin API does not accept them for the parent itself
    if (!isAccountsPath(path)) return refuse(40301)
    return ids.length === 0 ? undefined : refuse(40002, { detail: "account_id" })
  }
  // a child has no children
  if (isAccountsPath(path)) return refuse(40301)
  if (ids.length === 0) return refuse(40001, { detail: "account_id" })
  return ids.every((id) => id === account.account_id) ? undefined : refuse(40301)
}

/** Answers a request to the Accounts API. An account that is not a parent has no keys for it. */
export const listAccounts = (account: HostAccount | undefined, request: ReceivedRequest): Reply => {
  if (account?.role !== "parent") return refuse(40301)
  if (request.path !== "/accounts/v1/account/list") return refuse(40401)
  if (request.method !== "POST") return refuse(40501)
  const isJson = request.headers["content-type"]?.startsWith("application/json") === true
  if (request.body !== (isJson ? "{}" : "")) return refuse(40002, { detail: "body" })
  return request.query?.length === 0 ? { kind: "single", text: account.list() } : refuse(40002)
}

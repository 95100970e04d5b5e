/** Answers authentic requests: the paths, methods, parameters and pages of the Admin API. */
import type { Json } from "../people/PythonJson.ts"
import type { Tenant } from "../people/Tenant.ts"
import type { ReceivedRequest } from "./ReceivedRequest.ts"
import { refuse, type Reply, type ReplyPage } from "./Reply.ts"

export const permissions = ["users", "bypass_codes", "admins", "policies", "integrations", "logs"] as const
export type Permission = typeof permissions[number]
export type EmulatedApi = "v1" | "v2"

export interface EmulatedEndpoint {
  readonly permission: Permission
  /** The list that the endpoint pages through, if it has pages. */
  readonly list: Permission | undefined
  /** Whether Duo accepts only version 5 of the signature. */
  readonly isV5Only?: true
  /** Answers the request. `limitAtMost` makes pages shorter than asked for. */
  readonly answer: (tenant: Tenant, params: ReadonlyMap<string, string>, limitAtMost: number) => Reply
}

const badParameter = (name: string) => refuse(40002, { detail: name })

const known = new Set(
  ["limit", "offset", "username", "email", "user_id_list", "username_list", "sort", "account_id"]
)

const page = (
  params: ReadonlyMap<string, string>,
  sizes: { readonly standard: number; readonly max: number },
  limitAtMost: number,
  total: number,
  item: (at: number) => string
): Reply => {
  const asked = params.get("limit") ?? String(sizes.standard)
  if (!/^\d{1,15}$/.test(asked) || Number(asked) === 0) return badParameter("limit")
  const from = params.get("offset") ?? "0"
  if (!/^\d{1,15}$/.test(from)) return badParameter("offset")
  const limit = Math.min(Number(asked), sizes.max, limitAtMost)
  const offset = Number(from)
  const end = Math.min(offset + limit, total)
  return { kind: "page", offset, limit, metadata: metadata(offset, limit, total), items: texts(offset, end, item) }
}

/** A list whose items are made when they are read. */
const texts = (from: number, end: number, text: (at: number) => string): Iterable<string> => ({
  *[Symbol.iterator]() {
    for (let at = from; at < end; at++) yield text(at)
  }
})

const metadata = (offset: number, limit: number, total: number): Readonly<Record<string, string>> => ({
  ...(offset + limit < total ? { next_offset: String(offset + limit) } : {}),
  ...(offset > 0 ? { prev_offset: String(Math.max(0, offset - limit)) } : {}),
  total_objects: String(total)
})

/** A parameter that is a JSON array of up to a hundred strings. */
const stringList = (text: string): ReadonlyArray<string> | undefined => {
  try {
    const value: Json = JSON.parse(text)
    if (!Array.isArray(value) || value.length > 100) return undefined
    const strings = value.filter((item) => typeof item === "string")
    return strings.length === value.length ? strings : undefined
  } catch {
    return undefined
  }
}

/** The answer to a request with a filter, which has all matching users and no pages. */
const filtered = (tenant: Tenant, params: ReadonlyMap<string, string>): ReplyPage | Reply | undefined => {
  const all = (ats: ReadonlyArray<number>): ReplyPage => ({
    kind: "page",
    offset: 0,
    limit: ats.length,
    metadata: { total_objects: String(ats.length) },
    items: ats.map(tenant.text)
  })
  for (const name of ["username", "email"] as const) {
    const value = params.get(name)
    if (value !== undefined) return all(tenant.where(name, [value]))
  }
  for (const [name, field] of [["user_id_list", "user_id"], ["username_list", "username"]] as const) {
    const value = params.get(name)
    if (value === undefined) continue
    const values = stringList(value)
    return values === undefined ? badParameter(name) : all(tenant.where(field, values))
  }
  return undefined
}

const users = (max: number): EmulatedEndpoint => ({
  permission: "users",
  list: "users",
  answer: (tenant, params, limitAtMost) =>
    filtered(tenant, params) ?? page(params, { standard: 100, max }, limitAtMost, tenant.size(), tenant.text)
})

const bypassCodes: EmulatedEndpoint = {
  permission: "bypass_codes",
  list: "bypass_codes",
  answer: (tenant, params, limitAtMost) =>
    page(params, { standard: 100, max: 500 }, limitAtMost, tenant.bypassCodes(), tenant.bypassCode)
}

const admins: EmulatedEndpoint = {
  permission: "admins",
  list: "admins",
  answer: (tenant, params, limitAtMost) =>
    page(params, { standard: 100, max: 500 }, limitAtMost, tenant.admins(), tenant.admin)
}

const policies: EmulatedEndpoint = {
  permission: "policies",
  list: "policies",
  isV5Only: true,
  answer: ({ protected: { policies } }, params, limitAtMost) =>
    page(params, { standard: 100, max: 100 }, limitAtMost, policies.length, (at) => policies[at] ?? "{}")
}

const policySummary: EmulatedEndpoint = {
  permission: "policies",
  list: undefined,
  isV5Only: true,
  answer: (tenant) => ({ kind: "single", text: tenant.protected.summary })
}

const integrations: EmulatedEndpoint = {
  permission: "integrations",
  list: "integrations",
  isV5Only: true,
  answer: ({ protected: { integrations } }, params, limitAtMost) =>
    page(params, { standard: 100, max: 500 }, limitAtMost, integrations.length, (at) => integrations[at] ?? "{}")
}

/** The endpoints that have one version. There is none for secret keys, so a request for one ends with 404. */
const others: ReadonlyMap<string, EmulatedEndpoint> = new Map([
  ["/admin/v1/bypass_codes", bypassCodes],
  ["/admin/v1/admins", admins],
  ["/admin/v2/policies", policies],
  ["/admin/v2/policies/summary", policySummary],
  ["/admin/v3/integrations", integrations]
])

const oneUser = (id: string): EmulatedEndpoint => ({
  permission: "users",
  list: undefined,
  answer: (tenant) => {
    const [at] = tenant.where("user_id", [id])
    return at === undefined ? refuse(40401) : { kind: "single", text: tenant.text(at) }
  }
})

/** The endpoint of a path, if there is one. Duo's own clients call v1; its integration guide describes v2. */
export const endpointOf = (path: string, apis: ReadonlyArray<EmulatedApi>): EmulatedEndpoint | undefined => {
  const other = others.get(path)
  if (other !== undefined) return other
  if (path === "/admin/v2/users") return apis.includes("v2") ? users(500) : undefined
  if (!apis.includes("v1")) return undefined
  if (path === "/admin/v1/users") return users(300)
  const id = /^\/admin\/v1\/users\/([^/]+)$/.exec(path)?.[1]
  return id === undefined ? undefined : oneUser(id)
}

/** Answers a request whose signature is right. The checks are in Duo's order: permission, path, method, parameters. */
export const respond = (
  request: ReceivedRequest,
  endpoint: EmulatedEndpoint | undefined,
  permissions: ReadonlyArray<Permission>,
  tenant: Tenant,
  limitAtMost: number
): Reply => {
  if (endpoint === undefined) return refuse(40401)
  if (!permissions.includes(endpoint.permission)) return refuse(40301)
  if (request.method !== "GET") return refuse(40501)
  if (request.body !== "") return badParameter("body")
  const params = new Map<string, string>()
  for (const [name, value] of request.query ?? []) {
    if (!known.has(name) || params.has(name)) return badParameter(name)
    params.set(name, value)
  }
  return endpoint.answer(tenant, params, limitAtMost)
}

/** Answers a request for a log whose signature is right. */
export const readLog = (
  request: ReceivedRequest,
  permissions: ReadonlyArray<Permission>,
  answer: (query: NonNullable<ReceivedRequest["query"]>) => Reply
): Reply => {
  if (!permissions.includes("logs")) return refuse(40301)
  if (request.method !== "GET") return refuse(40501)
  return request.body === "" && request.query !== undefined ? answer(request.query) : badParameter("body")
}

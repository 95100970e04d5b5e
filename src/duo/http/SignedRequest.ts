/** Makes the requests that are sent to Duo: the signed GETs, the one signed POST, and the ping without a signature. */
import { version } from "../../Version.ts"
import type { Credentials } from "./Credentials.ts"
import { accountListPath, type AccountListRequest, type GetRequest } from "./Exchange.ts"
import { authorization, canonicalParams, type Params, type Scheme } from "./Signature.ts"

type Signer = Pick<Credentials["Service"], "accountId" | "host" | "ikey" | "skey">

const headers = (date: string) => ({ accept: "application/json", date, "user-agent": `duo-mfa/${version}` })

/** Asks for Duo's time. */
export const ping = (date: string): GetRequest => ({
  method: "GET",
  path: "/auth/v2/ping",
  query: "",
  headers: headers(date)
})

/** A GET. If the settings name a child account, its id is one of the parameters, and so is signed with them. */
export const get = (signer: Signer, path: string, given: Params) => (scheme: Scheme, date: string): GetRequest => {
  const params = signer.accountId === undefined ? given : { ...given, account_id: signer.accountId }
  const signed = authorization(scheme, signer.ikey, signer.skey, {
    method: "GET",
    host: signer.host,
    path,
    params,
    date
  })
  return {
    method: "GET",
    path,
    query: canonicalParams(params),
    headers: { ...headers(date), authorization: signed }
  }
}

/** Version 5 of the signature is over a JSON body, version 2 is over a form. The list of accounts has no parameters. */
const bodyOf = ({ version }: Scheme): AccountListRequest["body"] =>
  version === 5 ? { type: "application/json", text: "{}" } : { type: "application/x-www-form-urlencoded", text: "" }

/** The POST for the list of child accounts. It is for the parent, so it has no account. */
export const accountList = (signer: Signer) => (scheme: Scheme, date: string): AccountListRequest => {
  const body = bodyOf(scheme)
  const signed = authorization(scheme, signer.ikey, signer.skey, {
    method: "POST",
    host: signer.host,
    path: accountListPath,
    params: {},
    date,
    body: body.text
  })
  return {
    method: "POST",
    path: accountListPath,
    query: "",
    headers: { ...headers(date), authorization: signed },
    body
  }
}

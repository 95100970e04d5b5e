/** What no extractor can do without: fetching every page of users and bypass codes, signed, and `JSON.parse`. */
import { Redacted, Schema } from "effect"
import { authorization, canonicalParams } from "../src/duo/Signature.ts"

const { DUO_HOST: host = "", DUO_IKEY: ikey = "", DUO_SKEY: skey = "" } = process.env
const decode = Schema.decodeUnknownSync(
  Schema.Struct({ metadata: Schema.Struct({ next_offset: Schema.optionalKey(Schema.Int) }) })
)

for (const path of ["/admin/v1/bypass_codes", "/admin/v2/users"]) {
  for (let offset: number | undefined = 0; offset !== undefined;) {
    const params = { limit: "500", offset: String(offset) }
    const date = new Date().toUTCString()
    const request = { method: "GET", host: "127.0.0.1", path, params, date }
    const response = await fetch(`http://${host}${path}?${canonicalParams(params)}`, {
      headers: {
        date,
        authorization: authorization({ version: 5, digest: "sha512" }, ikey, Redacted.make(skey), request)
      }
    })
    if (!response.ok) throw new Error(`${path} answered ${response.status}`)
    const page: unknown = JSON.parse(await response.text())
    offset = decode(page).metadata.next_offset
  }
}

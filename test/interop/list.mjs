// Every user of a tenant by Duo's own Node client: list.mjs SCHEME HOST:PORT, keys in the environment.
import http from "node:http"
import { createRequire } from "node:module"
import { pathToFileURL } from "node:url"

const require = createRequire(pathToFileURL(`${process.cwd()}/`))
const [scheme, address] = process.argv.slice(2)
const [host, port] = address.split(":")

// The client only knows HTTPS on port 443: what it asks of that goes to the emulator instead, unchanged.
require("https").request = ({ ca: _, ...options }, answer) => http.request({ ...options, port }, answer)

const { Client } = require("@duosecurity/duo_api")
const client = new Client(process.env.IKEY, process.env.SKEY, host, scheme.startsWith("v5") ? 5 : 2)
const call = (params) =>
  new Promise((resolve, reject) =>
    client.jsonApiCall("GET", "/admin/v1/users", params, (got) => got.stat === "OK" ? resolve(got) : reject(got))
  )

const found = new Set()
let offset = "0"
while (offset !== undefined) {
  const page = await call({ limit: "100", offset })
  for (const user of page.response) found.add(user.user_id)
  offset = page.metadata.next_offset?.toString()
}
await call({ username: "\u00e9 ~!'()*+&=/ \u{1f98a}" })
process.stdout.write(`${found.size}\n`)

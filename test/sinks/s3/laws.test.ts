/** The laws of a sink hold for S3. The server is moto, which the tests start. */
import { describe } from "@effect/vitest"
import s3 from "../../../sinks/s3.ts"
import { sinkLaws } from "../../laws/sink.ts"
import { locationOf, reader, tree } from "../../support/servers/moto-server.ts"
import { hasServer, prefixFor, serverOfFile } from "./s3-sink.ts"

const at = serverOfFile()

describe.skipIf(!hasServer)("with an S3 server", () => {
  sinkLaws({ ...s3, location: (directory) => locationOf(at().url, prefixFor(directory)) }, {
    read: reader(at),
    elsewhere: {
      tree: tree(at),
      unwritable: () => [
        locationOf(at().url, "x", "nowhere"),
        // buckets of others: the names are invalid
        locationOf(at().url, "x", "No_Bucket")
      ]
    }
  })
})

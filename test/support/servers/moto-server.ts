/** An S3 server for the tests: moto in a process of its own with a bucket in memory, or a server that runs already. */
import {
  CreateBucketCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  S3Client
} from "@aws-sdk/client-s3"
import { Effect, FileSystem } from "effect"
import { spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { delimiter, join } from "node:path"
import { freePort } from "../../../src/http/FreePort.ts"
import type { Reader, Tree } from "../../laws/sink.ts"
import { parquetFile } from "../readers.ts"

/** The program that starts moto, from PATH; undefined if there is none. */
const moto = (process.env["PATH"] ?? "").split(delimiter).map((folder) => join(folder, "moto_server"))
  .find((file) => existsSync(file))

/** The URL of a server that runs already and has the bucket. `test/interop/s3/run.sh` names one. */
const running = process.env["S3_SERVER"]

export const hasServer = moto !== undefined || running !== undefined

if (!hasServer) {
  process.stderr.write(
    "\n*** LEFT OUT: nothing is written to an S3 server, because there is no moto_server on the PATH.\n" +
      "*** Get one with `pip install 'moto[s3,server]==5.2.5'`, and run the tests again.\n\n"
  )
}

/** Credentials that any server of the tests accepts, and no search for others. */
export const credentials = {
  AWS_ACCESS_KEY_ID: "AKIAEXAMPLEEXAMPLE00",
  AWS_SECRET_ACCESS_KEY: "s3cret/of+the+tests",
  AWS_EC2_METADATA_DISABLED: "true",
  AWS_CONFIG_FILE: "/nowhere",
  AWS_SHARED_CREDENTIALS_FILE: "/nowhere"
}

export const bucket = "reports"

export interface StoreServer {
  readonly url: string
  readonly client: S3Client
  readonly stop: () => Promise<void>
}

/** A client with credentials for a server of the tests. */
export const clientOf = (url: string) =>
  new S3Client({
    endpoint: url,
    region: "us-east-1",
    forcePathStyle: true,
    maxAttempts: 20,
    credentials: {
      accessKeyId: credentials.AWS_ACCESS_KEY_ID,
      secretAccessKey: credentials.AWS_SECRET_ACCESS_KEY
    }
  })

/** Starts moto and makes the bucket, unless a server runs already. */
export const start = async (): Promise<StoreServer> => {
  if (running !== undefined) {
    const client = clientOf(running)
    return { url: running, client, stop: () => Promise.resolve(client.destroy()) }
  }
  const port = await Effect.runPromise(freePort)
  const child = spawn(moto ?? "", ["-H", "127.0.0.1", "-p", String(port)], { stdio: ["ignore", "ignore", "pipe"] })
  const end = () => child.kill("SIGKILL")
  process.once("exit", end)
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()))
  await new Promise<void>((resolve, reject) => {
    let log = ""
    child.stderr.on("data", (data) => {
      log += String(data)
      if (log.includes("Running on")) resolve()
    })
    void ended.then(() => reject(new Error(log)))
  })
  const client = clientOf(`http://127.0.0.1:${port}`)
  await client.send(new CreateBucketCommand({ Bucket: bucket }))
  return {
    url: `http://127.0.0.1:${port}`,
    client,
    stop: async () => {
      process.off("exit", end)
      client.destroy()
      end()
      await ended
    }
  }
}

/** The location of a folder in the bucket. */
export const locationOf = (url: string, prefix: string, of = bucket) =>
  `s3://${of}/${prefix}?region=us-east-1&endpoint=${url}`

const prefixOf = (location: string) => /^s3:\/\/[^/]+\/([^?]*)/.exec(location)?.[1] ?? ""

/** The uploads that have begun below a prefix, without their parts. */
export const uploadsIn = async (client: S3Client, prefix: string) =>
  (await client.send(new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: prefix }))).Uploads ?? []

/** The keys of the objects below a prefix. */
export const keysIn = async (client: S3Client, prefix: string) =>
  ((await client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix }))).Contents ?? [])
    .map(({ Key = "" }) => Key)

/** The bytes of an object. */
export const bytesOf = async (client: S3Client, Key: string) => {
  const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key }))
  return Buffer.from(await Body?.transformToByteArray() ?? [])
}

/** The objects that readers see below a location, and the uploads beside them. */
export const tree = (server: () => StoreServer) => (location: string) =>
  Effect.promise(async (): Promise<Tree> => {
    const { client } = server()
    const prefix = prefixOf(location)
    const objects = await Promise.all((await keysIn(client, prefix)).map(async (Key) => {
      const { ETag, Metadata } = await client.send(new HeadObjectCommand({ Bucket: bucket, Key }))
      return [Key, `${ETag} ${JSON.stringify(Metadata)}`] as const
    }))
    const staged = await Promise.all((await uploadsIn(client, prefix)).map(async ({ Key = "", UploadId }) => {
      const { Parts = [] } = await client.send(new ListPartsCommand({ Bucket: bucket, Key, UploadId }))
      const run_id = /([^/]+)\.parquet$/.exec(Key)?.[1]
      return [`${Key}.${UploadId}.${run_id}.part`, Parts.map(({ ETag }) => ETag).join()] as const
    }))
    return Object.fromEntries([...objects, ...staged].map(([name, content]) => [name, { mode: 0o600, content }]))
  })

/** Reads published rows with hyparquet, from runs that are in an object of `runs`. */
export const reader = (server: () => StoreServer): Reader => (location, run, { columns, name }) =>
  Effect.scoped(Effect.gen(function*() {
    const { client } = server()
    const { observed_at, run_id } = run.round ?? run
    const day = new Date(Number(observed_at / 1000n)).toISOString().slice(0, 10)
    const keyOf = (table: string) => `${prefixOf(location)}/${table}/run_date=${day}/${run_id}.parquet`
    const keys = yield* Effect.promise(() => keysIn(client, prefixOf(location)))
    if (!keys.includes(keyOf("runs")) || !keys.includes(keyOf(name))) return []
    const fs = yield* FileSystem.FileSystem
    const file = `${yield* fs.makeTempDirectoryScoped()}/rows.parquet`
    yield* fs.writeFile(file, yield* Effect.promise(() => bytesOf(client, keyOf(name))))
    return (yield* parquetFile(file, columns)).rows
  }))

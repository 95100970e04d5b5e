/**
 * Makes the software bill of materials of the npm package, in the format CycloneDX. It lists the packages whose code is
 * bundled and those that npm installs with ours, in the versions of the lock file. The same sources always make the
 * same file.
 */
import { Schema } from "effect"
import { readFileSync } from "node:fs"

const Names = Schema.Record(Schema.String, Schema.String)

/** An entry of the lock file. */
const Locked = Schema.Struct({
  version: Schema.optionalKey(Schema.String),
  integrity: Schema.optionalKey(Schema.String),
  license: Schema.optionalKey(Schema.String),
  dependencies: Schema.optionalKey(Names),
  optionalDependencies: Schema.optionalKey(Names)
})
type Locked = typeof Locked.Type

const readLock = Schema.decodeUnknownSync(
  Schema.fromJsonString(Schema.Struct({ packages: Schema.Record(Schema.String, Locked) }))
)

const readManifest = Schema.decodeUnknownSync(Schema.fromJsonString(Schema.Struct({
  name: Schema.String,
  version: Schema.String,
  license: Schema.String,
  description: Schema.String,
  dependencies: Names
})))

const purl = (name: string, version = "") => `pkg:npm/${name.replace("@", "%40")}@${version}`

const names = ({ dependencies, optionalDependencies }: Pick<Locked, "dependencies" | "optionalDependencies">) =>
  Object.keys({ ...dependencies, ...optionalDependencies })

/** Makes the bill. `bundled` has the folders of the packages whose code is bundled, as in the lock file. */
export const make = (bundled: ReadonlySet<string>) => {
  const manifest = readManifest(readFileSync("package.json", "utf8"))
  const { packages } = readLock(readFileSync("package-lock.json", "utf8"))
  const lockedOf = (folder: string): Locked => {
    const locked = packages[folder]
    if (locked === undefined) throw new Error(`${folder} is not in package-lock.json: run make setup`)
    return locked
  }
  /** The folder in which Node finds a package that a module of another folder imports. */
  const find = (folder: string, name: string): string => {
    const there = `${folder === "" ? "" : `${folder}/`}node_modules/${name}`
    return there in packages || folder === "" ? there : find(folder.replace(/\/?node_modules\/[^]*?$/, ""), name)
  }
  const needs = (folder: string) => names(lockedOf(folder)).map((name) => find(folder, name))

  const installed = new Set<string>()
  const install = (folder: string) => {
    if (installed.has(folder)) return
    installed.add(folder)
    needs(folder).forEach(install)
  }
  const wanted = names(manifest).map((name) => find("", name))
  wanted.forEach(install)

  const nameOf = (folder: string) => folder.replace(/.*node_modules\//, "")
  const refOf = (folder: string) => purl(nameOf(folder), lockedOf(folder).version)
  const folders = [...new Set([...installed, ...bundled])].toSorted()
  // the same package may be in two folders
  const all = folders.filter((folder, index) => folders.findIndex((other) => refOf(other) === refOf(folder)) === index)
  const refs = new Set(all.map(refOf))
  const refsOf = (folders: Iterable<string>) =>
    [...new Set([...folders].map(refOf))].filter((ref) => refs.has(ref)).toSorted()
  const self = purl(manifest.name, manifest.version)
  return {
    $schema: "http://cyclonedx.org/schema/bom-1.5.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.5",
    version: 1,
    metadata: {
      component: {
        "bom-ref": self,
        type: "application",
        name: manifest.name,
        version: manifest.version,
        description: manifest.description,
        licenses: [{ license: { id: manifest.license } }],
        purl: self
      }
    },
    components: all.map((folder) => {
      const { integrity = "", license, version = "" } = lockedOf(folder)
      return {
        "bom-ref": refOf(folder),
        type: "library",
        name: nameOf(folder),
        version,
        purl: refOf(folder),
        ...(license === undefined ? {} : { licenses: [{ license: { id: license } }] }),
        hashes: [{ alg: "SHA-512", content: Buffer.from(integrity.replace("sha512-", ""), "base64").toString("hex") }],
        properties: [{ name: "duo-mfa:comes", value: bundled.has(folder) ? "bundled" : "installed" }]
      }
    }),
    dependencies: [
      { ref: self, dependsOn: refsOf([...wanted, ...bundled]) },
      ...all.map((folder) => ({
        ref: refOf(folder),
        dependsOn: refsOf(needs(folder).filter((need) => need in packages))
      }))
    ]
  }
}

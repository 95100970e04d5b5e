/**
 * What is in the package, and what comes with it, as a software bill of materials in CycloneDX: the packages whose code is
 * bundled, and those that npm installs beside them, as the lock file pins them. The same sources make the same file.
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

/** `bundled` are the names of the packages that the bundles have code of. */
export const make = (bundled: ReadonlySet<string>) => {
  const manifest = readManifest(readFileSync("package.json", "utf8"))
  const { packages } = readLock(readFileSync("package-lock.json", "utf8"))
  const lockedOf = (name: string): Locked => {
    const locked = packages[`node_modules/${name}`]
    if (locked === undefined) throw new Error(`${name} is not in package-lock.json: run make setup`)
    return locked
  }

  const installed = new Set<string>()
  const install = (name: string) => {
    if (installed.has(name)) return
    installed.add(name)
    for (const dependency of names(lockedOf(name))) install(dependency)
  }
  for (const name of names(manifest)) install(name)

  const all = [...new Set([...installed, ...bundled])].toSorted()
  const refOf = (name: string) => purl(name, lockedOf(name).version)
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
    components: all.map((name) => {
      const { integrity = "", license, version = "" } = lockedOf(name)
      return {
        "bom-ref": refOf(name),
        type: "library",
        name,
        version,
        purl: refOf(name),
        ...(license === undefined ? {} : { licenses: [{ license: { id: license } }] }),
        hashes: [{ alg: "SHA-512", content: Buffer.from(integrity.replace("sha512-", ""), "base64").toString("hex") }],
        properties: [{ name: "duo-mfa:comes", value: bundled.has(name) ? "bundled" : "installed" }]
      }
    }),
    dependencies: [
      { ref: self, dependsOn: [...new Set([...names(manifest), ...bundled])].toSorted().map(refOf) },
      ...all.map((name) => ({
        ref: refOf(name),
        dependsOn: names(lockedOf(name)).filter((dependency) => all.includes(dependency)).toSorted().map(refOf)
      }))
    ]
  }
}

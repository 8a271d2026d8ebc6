// Writes a release that needs no registry: the tarballs of all published packages and of what the gateway depends on,
// in the versions of pnpm-lock.yaml, and a lockfile that npm installs from them. Usage: pnpm release:local <folder>
import { execFileSync } from "node:child_process"
import { createHash } from "node:crypto"
import {
  copyFileSync,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"

const [folder] = process.argv.slice(2)
if (folder === undefined || (existsSync(folder) && readdirSync(folder).length > 0)) {
  console.error("Name a folder that does not exist or is empty: pnpm release:local <folder>")
  process.exit(1)
}
const release = resolve(folder)
const packages = join(release, "packages")
const root = resolve(import.meta.dirname, "..")
mkdirSync(packages, { recursive: true })
const run = (program, ...args) => {
  try {
    execFileSync(program, args, { cwd: root, stdio: ["ignore", "pipe", "inherit"] })
  } catch ({ status, stdout }) {
    console.error(`${program} ${args.join(" ")} failed:\n${stdout}`)
    process.exit(status ?? 1)
  }
}
const readJson = (file) => JSON.parse(readFileSync(file, "utf8"))

run("pnpm", "build")
const published = ["./packages/*", "./apps/*", "!./packages/test-*"].flatMap((filter) => ["--filter", filter])
run("pnpm", "-r", ...published, "pack", "--pack-destination", packages)

// The gateway with its dependencies, flat as npm installs them. Optional ones are for one platform each: left out.
const deployed = mkdtempSync(join(tmpdir(), "tocsin-release-"))
const linker = ["--prod", "--no-optional", "--config.node-linker=hoisted"]
run("pnpm", "--filter", "@tocsin/gateway", "deploy", ...linker, deployed)
const gateway = readJson(join(deployed, "package.json"))
const installed = globSync("**/node_modules/{[!@.]*,@*/*}/package.json", { cwd: deployed }).map((file) => ({
  at: file.slice(0, -"/package.json".length),
  ...readJson(join(deployed, file))
}))
rmSync(deployed, { recursive: true })
const isOwn = ({ name }) => name.startsWith("@tocsin/")
const foreign = installed.filter((manifest) => !isOwn(manifest))
const names = new Set(foreign.map(({ name, version }) => `${name}@${version}`))
run("npm", "pack", "--silent", "--ignore-scripts", "--pack-destination", packages, ...names)

const tarballOf = ({ name, version }) => `packages/${name.replace("@", "").replace("/", "-")}-${version}.tgz`
// It has versions where the package.json of the workspace has "workspace:" and "catalog:".
const packedManifest = (tarball) =>
  JSON.parse(execFileSync("tar", ["-xzOf", join(release, tarball), "package/package.json"]))
const kept = [
  "name",
  "version",
  "license",
  "bin",
  "engines",
  "dependencies",
  "peerDependencies",
  "peerDependenciesMeta"
]
const locked = ({ at, ...installed }) => {
  const tarball = tarballOf(installed)
  const content = readFileSync(join(release, tarball))
  const manifest = isOwn(installed) ? packedManifest(tarball) : installed
  const fields = kept.flatMap((key) => (key in manifest ? [[key, manifest[key]]] : []))
  const integrity = `sha512-${createHash("sha512").update(content).digest("base64")}`
  return [at, { ...Object.fromEntries(fields), resolved: `file:${tarball}`, integrity }]
}
const all = [...installed, { at: "node_modules/@tocsin/gateway", name: gateway.name, version: gateway.version }]
const project = {
  name: "tocsin-release",
  version: gateway.version,
  private: true,
  dependencies: { [gateway.name]: `file:${tarballOf(gateway)}` }
}
const lock = {
  name: project.name,
  version: project.version,
  lockfileVersion: 3,
  requires: true,
  packages: { "": project, ...Object.fromEntries(all.map(locked)) }
}
const write = (file, content) => writeFileSync(join(release, file), `${JSON.stringify(content, undefined, 2)}\n`)
write("package.json", project)
write("package-lock.json", lock)
const sbom = execFileSync("npm", ["sbom", "--package-lock-only", "--sbom-format=cyclonedx"], {
  cwd: release,
  encoding: "utf8"
})
writeFileSync(join(release, "sbom.cdx.json"), sbom.replaceAll(`file:${release}/`, "file:"))
copyFileSync(join(root, "deploy/container/Containerfile"), join(release, "Containerfile"))
// The unit, the manifests, the alert rules and the dashboard: the machine may have no clone.
cpSync(join(root, "deploy"), join(release, "deploy"), { recursive: true })
console.log(
  [
    `Tocsin ${gateway.version} is in ${release}: ${readdirSync(packages).length} packages.`,
    "Copy the folder to a machine with Node 22.19 or later. There, without a network:",
    `  cd ${release} && npm ci --offline --no-audit --no-fund`,
    "  node_modules/.bin/tocsin serve"
  ].join("\n")
)

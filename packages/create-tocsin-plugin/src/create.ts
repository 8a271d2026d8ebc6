/**
 * Writes a new plugin's package from the templates: the shared files, and those of the kind.
 */
import { Effect, FileSystem, Path, Schema } from "effect"
import { builtInSources, className, packageName, parts, title } from "./ChannelName.ts"
import manifest from "../package.json" with { type: "json" }

/** The package cannot be written; the message says why. */
export class CannotCreate extends Schema.TaggedError<CannotCreate>()("CannotCreate", { message: Schema.String }) {}

/** This package's version, which is core's too: all packages share one. */
export const { version } = manifest

/** The package to create, and its folder. */
export interface Wanted {
  /** The type of integration or source, with the scope of its package if it has one: `my-channel`, `@acme/my-channel`. */
  readonly name: string
  /** A channel whose messages are HTTP requests, any other channel, or a source of alerts. */
  readonly kind: "http" | "other" | "source"
  /** An absent or empty folder; a `.git` may be in it. */
  readonly folder: string
}

/** Writes the package. Fails without a change if the folder is not empty. */
export const create = Effect.fnUntraced(
  function* ({ folder, kind, name }: Wanted) {
    const { type } = parts(name)
    if (kind === "source" && builtInSources.has(type)) {
      return yield* new CannotCreate({ message: `Every gateway has a source of the type ${type}: take another name.` })
    }
    const files = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const held = yield* Effect.orElseSucceed(files.readDirectory(folder), (): ReadonlyArray<string> => [])
    if (held.some((entry) => entry !== ".git")) {
      return yield* new CannotCreate({ message: `${folder} is not empty: name another folder with --folder.` })
    }
    const words = named(name)
    for (const part of ["shared", kind]) {
      const template = yield* path.fromFileUrl(new URL(`../template/${part}`, import.meta.url))
      for (const entry of yield* files.readDirectory(template, { recursive: true })) {
        const from = path.join(template, entry)
        if ((yield* files.stat(from)).type !== "File") continue
        // npm and publint would use a template's package.json or .gitignore as the package's own.
        const to = path.join(folder, words(entry).replace(/^_/, ""))
        yield* files.makeDirectory(path.dirname(to), { recursive: true })
        yield* files.writeFileString(to, words(yield* files.readFileString(from)))
      }
    }
  },
  Effect.catchTag(
    "PlatformError",
    ({ message }) => new CannotCreate({ message: `The files cannot be written: ${message}` })
  )
)

/** Replaces the templates' names with the channel's. */
const named = (name: string) => {
  const { type } = parts(name)
  const places = new Map([
    // The name of the file that `npm pack` writes.
    ["tocsin-plugin-my-channel-0", `${packageName(name).replace("@", "").replace("/", "-")}-0`],
    ["tocsin-plugin-my-channel", packageName(name)],
    ["my-channel", type],
    ["MyChannel", className(type)],
    ["My Channel", title(type)],
    ["0.0.0-core", version]
  ])
  const place = new RegExp([...places.keys()].map((key) => key.replaceAll(".", "\\.")).join("|"), "g")
  return (text: string) => text.replace(place, (found) => places.get(found) ?? found)
}

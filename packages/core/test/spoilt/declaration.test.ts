import { Redacted, Schema, SchemaGetter } from "effect"
import { catches } from "./catches.ts"
import { checks, RoomKey, Settings, type Spoils, url } from "./hook.ts"

const { room } = Settings.fields

const settings = (fields: Partial<typeof Settings.fields>): Spoils => ({
  declared: { settings: Schema.Struct({ ...Settings.fields, ...fields }) }
})

/** A sound plugin whose room is a secret, too. */
const secretRoom = (room: typeof Settings.fields.room): Spoils => ({
  ...settings({ room }),
  options: { settings: { url, room: "s3cr3t-room" }, secrets: ["s3cr3t-of-the-hook", "s3cr3t-room"] }
})

const echoing = Schema.String.check(
  Schema.makeFilter((room: string) => (/^[\w-]+$/.test(room) ? undefined : `${room} is no room`))
)

const growing = Schema.String.pipe(
  Schema.decode({ decode: SchemaGetter.transform((room) => `${room}!`), encode: SchemaGetter.passthrough() })
)

catches<Spoils>("declaration", checks, [
  [
    "declares a timeout in milliseconds",
    "declares no timeout that the engine would shorten",
    { declared: { timeout: 30_000 } }
  ],
  ["has a type in capitals", "has a lowercase type", { type: "Hook" }],
  [
    "gives a setting no title",
    "gives every setting a title and a description",
    settings({ room: Schema.optionalKey(Schema.String).annotateKey({ description: "In which room it is shown" }) })
  ],
  [
    "gives a setting no description",
    "gives every setting a title and a description",
    settings({ room: Schema.optionalKey(Schema.String).annotateKey({ title: "Room" }) })
  ],
  [
    "gives a setting of one form of its settings no description",
    "gives every setting a title and a description",
    {
      declared: {
        settings: Schema.Union([Schema.Struct({ ...Settings.fields, kind: Schema.Literal("quiet") }), Settings])
      }
    }
  ],
  [
    "titles two settings alike",
    "gives no two settings the same title",
    settings({ room: room.annotateKey({ title: "URL", description: "Which" }) })
  ],
  [
    "has an example that does not decode",
    "has an example that decodes",
    { declared: { example: {} } },
    /different credentials|two integrations/
  ],
  ["says nothing of how to set it up", "has setup steps", { declared: { setup: [] } }],
  [
    "changes a setting each time that it is stored",
    "keeps its settings through JSON",
    {
      declared: {
        settings: Schema.Struct({ ...Settings.fields, room: Schema.optionalKey(growing).annotateKey(RoomKey) })
      },
      options: { settings: { url, room: "ops" } }
    }
  ],
  [
    "leaves settings of an older version behind",
    "migrates the settings of each older version",
    { declared: { settingsVersion: 2 } }
  ],
  [
    "brings older settings to a form that is none",
    "migrates the settings of each older version",
    {
      declared: { settingsVersion: 2, migrate: ({ settings }) => settings },
      options: { older: [{ version: 1, settings: { hook: url } }] }
    }
  ],
  [
    "has a secret that is not redacted",
    "prints no secret of its settings",
    secretRoom(room),
    /prints no secret, whatever/
  ],
  [
    "says what was entered in what is wrong with it",
    "names no secret in errors about settings",
    secretRoom(Schema.optionalKey(echoing).annotateKey(RoomKey)),
    /prints no secret/
  ],
  [
    "bursts above its own limit",
    "declares rate limits that can be spent",
    { declared: { rateLimits: ({ url }) => [{ key: url, messages: 1, perSeconds: 1, burst: 2 }] } }
  ],
  [
    "has a credential in a rate limit's key that is not redacted",
    "names no secret in the keys of its rate limits",
    { declared: { rateLimits: ({ url }) => [{ key: Redacted.value(url), messages: 1, perSeconds: 1, burst: 1 }] } }
  ],
  [
    "has one rate limit for all",
    "shares no rate limit between different credentials",
    { declared: { rateLimits: () => [{ key: "hook", messages: 1, perSeconds: 1, burst: 1 }] } }
  ],
  [
    "has one rate limit for all credentials of a room",
    "shares no rate limit between different credentials",
    {
      declared: {
        example: { url: "https://hooks.example.com/xxx", room: "other" },
        rateLimits: ({ room = "" }) => [{ key: room, messages: 1, perSeconds: 1, burst: 1 }]
      }
    }
  ]
])

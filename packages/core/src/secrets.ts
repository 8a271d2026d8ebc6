/**
 * Settings without what is secret in them.
 */
import { Redacted } from "effect"

/** Settings in whose type nothing is `Redacted`: each setting that is, or may be, is left out, in groups of settings too. */
export type WithoutSecrets<Settings> = Settings extends URL | Date | ReadonlyArray<unknown>
  ? Settings
  : Settings extends object
    ? {
        readonly [
          Key in keyof Settings as Extract<Settings[Key], Redacted.Redacted<any>> extends never ? Key : never
        ]: WithoutSecrets<Settings[Key]>
      }
    : Settings

/** Takes every `Redacted` out of decoded settings; groups of settings are walked, all other values stay as they are. */
export const withoutSecrets = <Settings>(settings: Settings): WithoutSecrets<Settings> => {
  const walk = (value: unknown): unknown =>
    isGroup(value)
      ? Object.fromEntries(
          Object.entries(value)
            .filter(([, inner]) => !Redacted.isRedacted(inner))
            .map(([key, inner]) => [key, walk(inner)])
        )
      : value
  // The walk does what the type says, which TypeScript cannot see.
  return walk(settings) as WithoutSecrets<Settings>
}

const isGroup = (value: unknown): value is object =>
  typeof value === "object" && value !== null && [Object.prototype, null].includes(Object.getPrototypeOf(value))

/**
 * Removes secrets from decoded settings.
 */
import { Redacted } from "effect"

/**
 * Settings without `Redacted` values: each setting that is or may be `Redacted`, and each list of such, is left out, in
 * groups of settings too. A class becomes a record of its fields.
 */
export type WithoutSecrets<Settings> = Settings extends URL | Date | ReadonlyArray<unknown>
  ? Settings
  : Settings extends object
    ? {
        readonly [
          Key in keyof Settings as Extract<Settings[Key], Secret | ReadonlyArray<Secret>> extends never ? Key : never
        ]: WithoutSecrets<Settings[Key]>
      }
    : Settings

type Secret = Redacted.Redacted<any>

/**
 * Removes every `Redacted` from decoded settings, including those within groups. A list that contains one is left out;
 * a value that contains none stays as it is.
 */
export const withoutSecrets = <Settings>(settings: Settings): WithoutSecrets<Settings> => {
  const walk = (value: unknown): unknown =>
    isGroup(value) && holdsSecret(value)
      ? Object.fromEntries(
          Object.entries(value)
            .filter(([, inner]) => isGroup(inner) || !holdsSecret(inner))
            .map(([key, inner]) => [key, walk(inner)])
        )
      : value
  // The walk matches the type, which TypeScript cannot infer.
  return walk(settings) as WithoutSecrets<Settings>
}

const isGroup = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !Redacted.isRedacted(value)

const holdsSecret = (value: unknown): boolean =>
  Redacted.isRedacted(value) || (typeof value === "object" && value !== null && Object.values(value).some(holdsSecret))

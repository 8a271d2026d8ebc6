import { theme, zone } from "../data/preferences.ts"
import { Switch } from "../parts/Switch.tsx"
import { Icon } from "../parts/Icon.tsx"

const themes = [
  { value: "system", icon: "auto", label: "System theme" },
  { value: "light", icon: "sun", label: "Light theme" },
  { value: "dark", icon: "moon", label: "Dark theme" }
] as const

/** The settings of this browser: the theme, and the zone of all times. */
export const Appearance = () => {
  const shown = theme.use()
  return (
    <div className="appearance">
      <Switch isSelected={zone.use() === "utc"} onChange={(isUtc) => zone.set(isUtc ? "utc" : "local")}>
        Times in UTC
      </Switch>
      <fieldset className="themes" role="radiogroup" aria-label="Theme">
        {themes.map(({ icon, label, value }) => (
          <label key={value} className="theme" {...(value === shown && { "data-selected": true })}>
            <span>
              <input
                type="radio"
                name="theme"
                aria-label={label}
                checked={value === shown}
                onChange={() => theme.set(value)}
              />
            </span>
            <Icon name={icon} />
          </label>
        ))}
      </fieldset>
    </div>
  )
}

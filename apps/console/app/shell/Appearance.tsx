import { Radio, RadioGroup } from "react-aria-components"
import { theme, zone } from "../data/preferences.ts"
import { Switch } from "../parts/controls.tsx"
import { Icon } from "../parts/Icon.tsx"

const themes = [
  { value: "system", icon: "auto", label: "System theme" },
  { value: "light", icon: "sun", label: "Light theme" },
  { value: "dark", icon: "moon", label: "Dark theme" }
] as const

/** How this browser shows the console: the theme, and the zone of all times. */
export const Appearance = () => {
  const shown = theme.use()
  return (
    <div className="appearance">
      <Switch isSelected={zone.use() === "utc"} onChange={(isUtc) => zone.set(isUtc ? "utc" : "local")}>
        Times in UTC
      </Switch>
      <RadioGroup
        className="themes"
        aria-label="Theme"
        orientation="horizontal"
        value={shown}
        onChange={(value) => theme.set(themes.find((one) => one.value === value)?.value ?? "system")}
      >
        {themes.map(({ icon, label, value }) => (
          <Radio key={value} value={value} aria-label={label} className="theme">
            <Icon name={icon} />
          </Radio>
        ))}
      </RadioGroup>
    </div>
  )
}

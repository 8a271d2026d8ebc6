import { readerCookie } from "./handover.ts"
import { theme, zone } from "./preferences.ts"

const aYear = 365 * 24 * 60 * 60

/** Tells the gateway what this reader's pages look like, and returns whether it knew. */
export const keepReader = (): boolean => {
  const { locale: language, timeZone } = new Intl.DateTimeFormat().resolvedOptions()
  const reader = new URLSearchParams({
    theme: theme.get(),
    zone: zone.get(),
    language,
    timeZone,
    height: `${innerHeight}`,
    narrow: `${matchMedia("(max-width: 60rem)").matches}`
  })
  const cookie = `${readerCookie}=${reader}`
  if (document.cookie.split("; ").includes(cookie)) return true
  document.cookie = `${cookie}; path=/console; max-age=${aYear}; samesite=strict`
  return false
}

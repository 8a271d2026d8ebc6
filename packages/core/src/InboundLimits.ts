/**
 * Limits on what Tocsin accepts (case L). Texts are counted in UTF-16 units; longer texts are cut and end in `…`.
 */

/** The longest body of a request, in bytes: 4 MiB. */
export const maxBodyBytes = 4 * 1024 * 1024
/**
 * The longest body of an event for PagerDuty, in bytes: 512 KB, as PagerDuty limits it.
 * https://developer.pagerduty.com/docs/events-api-v2-overview
 */
export const maxPagerDutyBytes = 512 * 1024
/** The longest body of a request that needs no credential, such as a sign-in, in bytes: 32 KiB. */
export const maxOpenBodyBytes = 32 * 1024
/** The deepest nesting of JSON in a body. */
export const maxDepth = 32
/** The most alerts in one `POST /v1/alerts`. */
export const maxAlerts = 1000
/** The longest id of a source's alert, event, rule or test. */
export const maxIdLength = 512
/** The most patterns or integrations in one array of an alert rule. */
export const maxListed = 1000
/** The longest name, link or other text. */
export const maxTextLength = 4096
/** The most labels of one alert. */
export const maxLabels = 64
/** The most targets of one test. */
export const maxTargets = 64
/** The most links of one alert beside those to the alert itself. */
export const maxLinks = 8
/** The longest name or value of a label. */
export const maxLabelLength = 1024
/** The most observations of one alert; more are counted. */
export const maxObservations = 5000
/** The most characters that are kept of an unreadable body. */
export const maxUnreadableLength = 65_536
/** The most unreadable bodies that are kept; the newest stay. */
export const maxUnreadable = 1000
/** The most fields of one object in a body. */
export const maxFields = 1000
/** The most values in one body that carries alerts: elements of arrays, and fields. */
export const maxValues = 100_000
/** The most values in any other body. */
export const maxConfigValues = 10_000

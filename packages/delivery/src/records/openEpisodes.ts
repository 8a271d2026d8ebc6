/**
 * The deliveries of all episodes of an alert at an integration that have not ended, in SQL.
 */
import { openOfAlert } from "./deliveryRow.ts"

/**
 * The condition, for a query of deliveries, that nothing is being sent about any episode of the same alert at the same
 * integration (O7).
 */
export const noEpisodeInFlight = () =>
  `NOT EXISTS (SELECT 1 FROM ${episodes({ alert: "deliveries.alert_id", integration: "deliveries.integration_id" })}
    AND d.status || '' IN ('sending', 'folded'))`

/**
 * The open deliveries `d` of all episodes `a` of an alert at an integration, through their conversations `c`; both are
 * expressions. The order of the tables matters: SQLite does not know the length of a backlog, and would begin with it. For
 * PostgreSQL, `|| ''` hides that `d` has the alert and the integration of the other tables, too: it would look for them by
 * one of the two.
 */
export const episodes = ({ alert, integration }: { readonly alert: string; readonly integration: string }) =>
  `alerts this CROSS JOIN alerts a CROSS JOIN conversations c CROSS JOIN deliveries d
    WHERE a.source = this.source AND a.source_id = this.source_id AND c.alert_id = a.id
      AND d.alert_id = c.alert_id || '' AND d.integration_id = c.integration_id || ''
      AND this.id = ${alert} AND c.integration_id = ${integration} AND d.${openOfAlert}`

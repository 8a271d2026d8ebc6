import { Link } from "@tanstack/react-router"
import { Icon } from "./Icon.tsx"

/** The link above an alert that leads back to the list. */
export const ToAlerts = () => (
  <Link to="/alerts" className="crumb">
    <Icon name="right" />
    Alerts
  </Link>
)

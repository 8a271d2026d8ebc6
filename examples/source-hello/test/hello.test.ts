import { SourceTest } from "@tocsin/sources/testing"
import { hello } from "../src/hello.ts"

SourceTest.suite(hello, {
  bodies: {
    down: `{ "id": 1, "status": "down", "check": "Disk full", "severity": "critical", "time": "2026-01-15T10:00:00Z" }`,
    up: `{ "id": 1, "status": "up", "check": "Disk full", "severity": "critical", "time": "2026-01-15T10:20:00Z" }`
  }
})

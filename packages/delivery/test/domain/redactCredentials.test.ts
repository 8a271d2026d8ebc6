import { assert, it } from "@effect/vitest"
import { redactCredentials } from "../../src/domain/redactCredentials.ts"

it.each([
  ["https://user:s3cr3t@example.com/x", "https://<redacted>@example.com/x"],
  ["https://hooks.slack.com/services/T0/B0/s3cr3t", "https://hooks.slack.com/<redacted>"],
  ["xoxb-1234-s3cr3t", "<redacted>"],
  ["Authorization: Bearer s3cr3t", "Authorization: <redacted>"],
  ["?token=s3cr3t&channel=ops", "?token=<redacted>&channel=ops"],
  ['{"password": "s3cr3t", "channel": "ops"}', '{"password": "<redacted>", "channel": "ops"}'],
  ['{"api_key": 12345}', '{"api_key": "<redacted>"}'],
  ['{"secret": {"a": "s3cr3t"}, "b": 1}', '{"secret": "<redacted>", "b": 1}'],
  ['{"body": "{\\"token\\": \\"s3cr3t\\"}"}', '{"body": "{\\"token\\": \\"<redacted>\\"}"}'],
  ["nothing to hide: monkey=1, keyboard=2", "nothing to hide: monkey=1, keyboard=2"]
])("redacts %s", (text, clean) => {
  assert.strictEqual(redactCredentials(text), clean)
})

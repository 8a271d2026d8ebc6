/**
 * The fakes of all channels.
 */
import type { FakeService } from "@tocsin/core/fakes"
import { FakeDiscord } from "@tocsin/plugin-discord/testing"
import { FakeEmail } from "@tocsin/plugin-email/testing"
import { FakeGoogleChat } from "@tocsin/plugin-google-chat/testing"
import { FakeHipChat } from "@tocsin/plugin-hipchat/testing"
import { FakeMattermost } from "@tocsin/plugin-mattermost/testing"
import { FakeNtfy } from "@tocsin/plugin-ntfy/testing"
import { FakePagerDuty } from "@tocsin/plugin-pagerduty/testing"
import { FakeSlack } from "@tocsin/plugin-slack/testing"
import { FakeTeams } from "@tocsin/plugin-teams/testing"
import { FakeTelegram } from "@tocsin/plugin-telegram/testing"
import { FakeApprise } from "@tocsin/plugin-apprise/testing"
import { FakeWebex } from "@tocsin/plugin-webex/testing"
import { FakeWebhook } from "@tocsin/plugin-webhook/testing"

/** A fake of each channel's service, by the type of the channel. */
export const fakes: { readonly [type: string]: FakeService } = {
  slack: new FakeSlack(),
  hipchat: new FakeHipChat({ token: "the-rooms-auth-token" }),
  webhook: new FakeWebhook(),
  pagerduty: new FakePagerDuty(),
  discord: new FakeDiscord(),
  telegram: new FakeTelegram(),
  mattermost: new FakeMattermost(),
  ntfy: new FakeNtfy(),
  teams: new FakeTeams(),
  "google-chat": new FakeGoogleChat(),
  webex: new FakeWebex(),
  apprise: new FakeApprise(),
  email: new FakeEmail()
}

/** The form of Slack's settings that updates messages and replies to them. */
export const slackBot: {
  readonly id: string
  readonly title: string
  readonly type: string
  readonly fake: FakeService
} = {
  id: "slack-bot",
  title: "Slack, as a bot",
  type: "slack",
  fake: new FakeSlack({ authenticate: "bot" })
}

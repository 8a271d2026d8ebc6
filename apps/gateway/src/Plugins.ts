import { Channels } from "@tocsin/delivery"
import { HipChat } from "@tocsin/plugin-hipchat"
import { Slack } from "@tocsin/plugin-slack"
import { Layer } from "effect"

/** The installed channel plugins. To add one, name it here and provide its layer below. */
export const layer = Channels.layer([Slack, HipChat]).pipe(Layer.provide([Slack.layer, HipChat.layer]))

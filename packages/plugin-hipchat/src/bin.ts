#!/usr/bin/env node
import { run } from "@tocsin/core/fakes"
import { FakeHipChat } from "./testing/FakeHipChat.ts"

run("@tocsin/plugin-hipchat", new FakeHipChat({ token: "the-fake-rooms-token", limited: true }))

#!/usr/bin/env node
import { run } from "@tocsin/core/fakes"
import { FakeDiscord } from "./testing/FakeDiscord.ts"

run("@tocsin/plugin-discord", new FakeDiscord({ limited: true }))

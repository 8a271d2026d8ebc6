#!/usr/bin/env node
import { run } from "@tocsin/core/fakes"
import { FakeTelegram } from "./testing/FakeTelegram.ts"

run("@tocsin/plugin-telegram", new FakeTelegram({ limited: true }))

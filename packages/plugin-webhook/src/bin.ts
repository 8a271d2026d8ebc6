#!/usr/bin/env node
import { run } from "@tocsin/core/fakes"
import { FakeWebhook } from "./testing/FakeWebhook.ts"

run("@tocsin/plugin-webhook", new FakeWebhook())

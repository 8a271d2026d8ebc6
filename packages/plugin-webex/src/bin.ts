#!/usr/bin/env node
import { run } from "@tocsin/core/fakes"
import { FakeWebex } from "./testing/FakeWebex.ts"

run("@tocsin/plugin-webex", new FakeWebex())

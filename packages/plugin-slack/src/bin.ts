#!/usr/bin/env node
import { run } from "@tocsin/core/fakes"
import { FakeSlack } from "./testing/FakeSlack.ts"

run("@tocsin/plugin-slack", new FakeSlack({ limited: true }))

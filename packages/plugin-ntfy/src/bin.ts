#!/usr/bin/env node
import { run } from "@tocsin/core/fakes"
import { FakeNtfy } from "./testing/FakeNtfy.ts"

run("@tocsin/plugin-ntfy", new FakeNtfy({ limited: true }))

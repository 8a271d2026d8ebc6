#!/usr/bin/env node
import { run } from "@tocsin/core/fakes"
import { FakeEmail } from "./testing/FakeEmail.ts"

run("@tocsin/plugin-email", new FakeEmail())

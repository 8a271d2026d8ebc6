#!/usr/bin/env node
import { run } from "@tocsin/core/fakes"
import { FakeApprise } from "./testing/FakeApprise.ts"

run("@tocsin/plugin-apprise", new FakeApprise())

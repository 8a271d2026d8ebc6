#!/usr/bin/env node
import { run } from "@tocsin/core/fakes"
import { FakePagerDuty } from "./testing/FakePagerDuty.ts"

run("@tocsin/plugin-pagerduty", new FakePagerDuty())

#!/usr/bin/env node
import { run } from "@tocsin/core/fakes"
import { FakeMattermost } from "./testing/FakeMattermost.ts"

run("@tocsin/plugin-mattermost", new FakeMattermost())

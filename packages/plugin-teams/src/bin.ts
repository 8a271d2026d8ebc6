#!/usr/bin/env node
import { run } from "@tocsin/core/fakes"
import { FakeTeams } from "./testing/FakeTeams.ts"

run("@tocsin/plugin-teams", new FakeTeams())

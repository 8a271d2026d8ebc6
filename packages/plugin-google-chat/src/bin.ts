#!/usr/bin/env node
import { run } from "@tocsin/core/fakes"
import { FakeGoogleChat } from "./testing/FakeGoogleChat.ts"

run("@tocsin/plugin-google-chat", new FakeGoogleChat())

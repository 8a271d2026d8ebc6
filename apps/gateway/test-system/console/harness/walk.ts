/**
 * The seed's walk: from an alert rule to an integration, by what a person sees and by nothing else.
 */
import type { Page } from "playwright-core"

/** What is entered for one channel. */
export interface Channel {
  readonly type: string
  readonly name: string
  /** What goes into each field, by the field's name. */
  readonly fields: { readonly [name: string]: string }
}

/** How a person works. */
export interface Hands {
  readonly press: (page: Page, role: Role, name: string | RegExp) => Promise<void>
  readonly choose: (page: Page, chooser: string, option: string) => Promise<void>
  readonly type: (page: Page, field: string, text: string) => Promise<void>
}

type Role = "button" | "link" | "tab" | "checkbox"

const exact = (name: string | RegExp) => ({ name, ...(typeof name === "string" && { exact: true }) })

/** Dialogs lie on each other: what can be used is in the last one. */
const within = async (page: Page) => {
  const dialogs = page.getByRole("dialog")
  return (await dialogs.count()) > 0 ? dialogs.last() : page
}

export const mouse: Hands = {
  press: async (page, role, name) => {
    await (await within(page)).getByRole(role, exact(name)).click()
  },
  choose: async (page, chooser, option) => {
    await (await within(page)).getByRole("button", { name: new RegExp(`${chooser}$`) }).click()
    await page.getByRole("option", { name: option, exact: true }).click()
  },
  type: async (page, field, text) => {
    await (await within(page)).getByRole("textbox", { name: field, exact: true }).fill(text)
  }
}

/** What has focus, as a screen reader would call it. */
const focused = (page: Page): Promise<{ readonly role: string; readonly name: string }> =>
  page.evaluate(() => {
    const element = document.activeElement
    if (element === null || element === document.body) return { role: "", name: "" }
    const texts = (ids: string | null) =>
      (ids ?? "")
        .split(" ")
        .map((id) => document.getElementById(id)?.textContent ?? "")
        .join(" ")
        .trim()
    const input = element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement
    const name =
      element.getAttribute("aria-label") ??
      (texts(element.getAttribute("aria-labelledby")) ||
        (input ? (element.labels?.[0]?.textContent ?? "") : (element.textContent ?? "")))
    const type = element instanceof HTMLInputElement ? element.type : ""
    const role =
      element.getAttribute("role") ??
      (type === "checkbox"
        ? "checkbox"
        : input
          ? "textbox"
          : element instanceof HTMLAnchorElement
            ? "link"
            : element instanceof HTMLButtonElement
              ? "button"
              : element.tagName)
    return { role, name: name.trim() }
  })

/** Presses Tab until that has focus; a person would give up, too. */
const tabTo = async (page: Page, role: string, name: string | RegExp): Promise<void> => {
  const seen: Array<string> = []
  for (let presses = 0; presses < 120; presses++) {
    const at = await focused(page)
    seen.push(`${at.role} ${at.name}`)
    if (at.role === role && (typeof name === "string" ? at.name === name : name.test(at.name))) return
    await page.keyboard.press("Tab")
  }
  throw new Error(`Tab never came to ${role} ${String(name)}: ${[...new Set(seen)].join(", ")}`)
}

export const keyboard: Hands = {
  press: async (page, role, name) => {
    // What comes later may not be there yet.
    await (await within(page)).getByRole(role, exact(name)).waitFor()
    if (role === "tab") {
      const tab = page.getByRole("tab", exact(name))
      await tabTo(page, "tab", /./)
      for (let presses = 0; presses < 5 && (await tab.getAttribute("aria-selected")) !== "true"; presses++) {
        await page.keyboard.press("ArrowRight")
      }
      return
    }
    await tabTo(page, role, name)
    await page.keyboard.press(role === "checkbox" ? "Space" : "Enter")
  },
  choose: async (page, chooser, option) => {
    await (await within(page)).getByRole("button", { name: new RegExp(`${chooser}$`) }).waitFor()
    await tabTo(page, "button", new RegExp(`${chooser}$`))
    await page.keyboard.press("Enter")
    await page.getByRole("listbox").waitFor()
    for (let presses = 0; presses < 20; presses++) {
      const at = await focused(page)
      if (at.role === "option" && at.name === option) break
      await page.keyboard.press("ArrowDown")
    }
    await page.keyboard.press("Enter")
    await page.getByRole("listbox").waitFor({ state: "detached" })
  },
  type: async (page, field, text) => {
    await (await within(page)).getByRole("textbox", { name: field, exact: true }).waitFor()
    await tabTo(page, "textbox", field)
    await page.keyboard.type(text)
  }
}

/** Alert settings, the rule, Notifications, Configure integrations, Add new integration, Save. */
export const connect = async (
  page: Page,
  { choose, press, type }: Hands,
  rule: string,
  channel: Channel,
  isFirst: boolean
) => {
  await press(page, "link", "Alert settings")
  await page.getByRole("heading", { name: "Alert settings", level: 1 }).waitFor()
  await press(page, "button", rule)
  await press(page, "tab", "Notifications")
  await press(page, "button", isFirst ? "Configure integrations" : "Edit integrations")
  await press(page, "button", "Add new integration")
  await page.getByRole("dialog", { name: "Add new integration" }).waitFor()
  await choose(page, "Type", channel.type)
  await type(page, "Name", channel.name)
  for (const [name, text] of Object.entries(channel.fields)) await type(page, name, text)
  await press(page, "button", "Add new integration")
  await page.getByRole("dialog").first().waitFor({ state: "detached" })
  await page.getByRole("checkbox", { name: channel.name, checked: true }).waitFor()
  await page.getByRole("checkbox", { name: "Send when clears" }).waitFor()
  await press(page, "button", "Save")
  await page.getByRole("status").filter({ hasText: "Saved" }).waitFor()
}

import { readFileSync } from "node:fs"

/** How much memory a process has (`RSS`), or has had at most (`HWM`), in bytes; 0 where there is no /proc. */
export const memory = (pid: number | undefined, which: "RSS" | "HWM"): number => {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8")
    return Number(new RegExp(`^Vm${which}:\\s+(\\d+) kB`, "m").exec(status)?.[1] ?? 0) * 1024
  } catch {
    return 0
  }
}

/**
 * The shortcuts of the hot path. Each is a file that says what it leaves out; the general way does the same without it.
 */
import { Context } from "effect"

/** Whether the shortcuts are taken. Only tests turn them off, to compare both ways. */
export const Shortcuts = Context.Reference<boolean>("@tocsin/delivery/Shortcuts", { defaultValue: () => true })

/**
 * Bugs of plugins: what a function of a plugin throws, and which function it was.
 */
import { quotesSecret, redactText } from "./settings/redactText.ts"

/**
 * A bug of a plugin: one of its functions threw, or returned something of another type than the contract says. `cause` is what
 * was thrown. It is a defect, not a `DeliveryError`: the engine retries the delivery and logs the stack.
 */
export class PluginDefect extends Error {
  override readonly name = "PluginDefect"
  /** The function of the plugin, such as `request`. */
  readonly thrownIn: string

  private constructor(thrownIn: string, cause: unknown) {
    super(`${thrownIn} threw ${cause instanceof Error ? `${nameOf(cause)}: ${cause.message}` : String(cause)}`, {
      cause
    })
    this.thrownIn = thrownIn
  }

  /** What was thrown, as a defect of this function; a `PluginDefect` already names its function and stays as it is. */
  static of(thrownIn: string, thrown: unknown): PluginDefect {
    return thrown instanceof PluginDefect ? thrown : new PluginDefect(thrownIn, thrown)
  }

  /** Calls a function of a plugin; what it throws is a `PluginDefect` that names it. */
  static calling<A>(thrownIn: string, call: () => A): A {
    try {
      return call()
    } catch (thrown) {
      throw PluginDefect.of(thrownIn, thrown)
    }
  }

  /**
   * What may be shown and logged, without the secrets of these settings: `kind`, the kind of error and the function
   * (`TypeError in request`); its `message`; and its `stack`. A message that quotes a part of a secret is left out.
   */
  redacted(settings: unknown): { readonly kind: string; readonly message: string; readonly stack: string } {
    const { cause } = this
    const kind = `${cause instanceof Error ? nameOf(cause) : typeof cause} in ${this.thrownIn}`
    const said = cause instanceof Error ? cause.message : String(cause)
    const message = quotesSecret(redactText(said, settings), settings) ? "<redacted>" : redactText(said, settings)
    const stack = cause instanceof Error ? (cause.stack ?? "") : ""
    return {
      kind: redactText(kind, settings),
      message,
      stack: redactText(stack.includes(said) ? stack.replace(said, () => message) : stack, settings)
    }
  }
}

/** Classes of errors that set no name of their own are named by their class. */
const nameOf = ({ constructor, name }: Error): string => (name === "Error" ? constructor.name : name)

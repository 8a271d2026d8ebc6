/**
 * Bugs of plugins: the error that a function of a plugin threw, and the name of the function.
 */
import { quotesSecret, redactText } from "./settings/redactText.ts"

/**
 * A bug of a plugin: one of its functions threw, or returned a value of another type than the contract requires.
 * `cause` is the thrown value. It is a defect, not a `DeliveryError`: the engine retries the delivery and logs the
 * stack.
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

  /**
   * Wraps a thrown value as a defect of this function. A `PluginDefect` is returned as it is, because it names its
   * function already.
   */
  static of(thrownIn: string, thrown: unknown): PluginDefect {
    return thrown instanceof PluginDefect ? thrown : new PluginDefect(thrownIn, thrown)
  }

  /** Calls a function of a plugin, and throws a `PluginDefect` that names the function if it throws. */
  static calling<A>(thrownIn: string, call: () => A): A {
    try {
      return call()
    } catch (thrown) {
      throw PluginDefect.of(thrownIn, thrown)
    }
  }

  /**
   * The defect as it may be shown and logged, without the secrets of these settings: `kind`, the kind of error and the
   * function (`TypeError in request`); its `message`; and its `stack`. A message that quotes a part of a secret is left
   * out.
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

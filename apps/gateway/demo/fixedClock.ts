/** Runs before a gateway whose pictures are taken: its time begins at `TOCSIN_DEMO_NOW`, so that pictures stay alike. */
const Real = Date
const offset = Real.parse(process.env["TOCSIN_DEMO_NOW"] ?? "") - Real.now()
const now = () => Real.now() + offset

class Shifted extends Real {
  constructor(...parts: ReadonlyArray<unknown>) {
    if (parts.length === 0) super(now())
    // As the real one takes them.
    else super(...(parts as [number]))
  }
  static override now = now
}

Object.assign(globalThis, { Date: Shifted })

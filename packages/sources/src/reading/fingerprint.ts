/**
 * Computes the fingerprint by which Prometheus and Alertmanager identify a set of labels: FNV-1a with 64 bits, as 16
 * hexadecimal digits.
 *
 * @see https://github.com/prometheus/common/blob/main/model/signature.go
 */
export const fingerprint = (labels: ReadonlyArray<readonly [name: string, value: string]>): string => {
  const sum = new Fnv()
  for (const [name, value] of labels.toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    sum.add(name)
    sum.separate()
    sum.add(value)
    sum.separate()
  }
  return sum.toString()
}

/** Computes FNV-1a with 64 bits of a text in UTF-8, as 16 hexadecimal digits. */
export const fnv = (text: string): string => {
  const sum = new Fnv()
  sum.add(text)
  return sum.toString()
}

const utf8 = new TextEncoder()

/** Holds 64 bits as two numbers of 32: arithmetic on a `bigint` for each byte takes ten times as long. */
class Fnv {
  #high = 0xcbf29ce4
  #low = 0x84222325

  add(text: string): void {
    for (const byte of utf8.encode(text)) this.#addByte(byte)
  }

  separate(): void {
    this.#addByte(0xff)
  }

  toString(): string {
    return [this.#high, this.#low].map((half) => half.toString(16).padStart(8, "0")).join("")
  }

  /** Multiplies by 2^40 + 0x1b3. */
  #addByte(byte: number): void {
    const low = (this.#low ^ byte) >>> 0
    const product = low * 0x1b3
    const carry = Math.floor(product / 0x1_0000_0000)
    this.#high = (this.#high * 0x1b3 + carry + ((low << 8) >>> 0)) % 0x1_0000_0000
    this.#low = product % 0x1_0000_0000
  }
}

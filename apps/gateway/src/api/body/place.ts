/** Describes a position in a text: `line 3, column 14 (position 41)`. */
export const place = (text: string, at: number): string => {
  let line = 1
  let start = 0
  for (let index = 0; index < at; index++) {
    const code = text.charCodeAt(index)
    if (code !== lineFeed && (code !== carriageReturn || text.charCodeAt(index + 1) === lineFeed)) continue
    line++
    start = index + 1
  }
  return `line ${line}, column ${at - start + 1} (position ${at})`
}

const lineFeed = 0x0a
const carriageReturn = 0x0d

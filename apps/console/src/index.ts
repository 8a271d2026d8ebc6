/**
 * The console, built.
 */
import { fileURLToPath } from "node:url"

/** The folder of the console's built files, to be served at `/console/`; `index.html` answers every path that names no file. */
export const directory: string = fileURLToPath(new URL("../dist/site/", import.meta.url))

/**
 * Makes the gateway that runs after it one of a later version, of which an older one knows nothing.
 */
import { currentSchema } from "../../src/sql/migrate.ts"
import { migrations } from "../../src/sql/migrations.ts"
import { later } from "./later.ts"

Object.assign(migrations, { [`${currentSchema() + 1}_later`]: later })

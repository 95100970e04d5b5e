/** The columns into which DuckDB reads Duo's objects. */
import { Schema } from "effect"

/** The type that DuckDB reads a value as. */
export const columnOf = (schema: Schema.Constraint): string => Schema.resolveAnnotations(schema)?.column ?? "JSON"

/** The types of the columns into which DuckDB reads the fields of an object, by name. */
export const columns = (fields: Schema.Struct.Fields): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, columnOf(field)]))

/** The types of the fields of an object, and of the objects in them; undefined for another value. */
export const leavesOf = (schema: Schema.Constraint) => Schema.resolveAnnotations(schema)?.leaves

/** The same columns, without those of objects: their fields are columns with names such as `user.groups`. */
export const leaves = (fields: Schema.Struct.Fields): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(fields).flatMap(([name, field]) => {
      const inner = leavesOf(field)
      return inner === undefined
        ? [[name, columnOf(field)]]
        : Object.entries(inner).map(([leaf, type]) => [`${name}.${leaf}`, type])
    })
  )

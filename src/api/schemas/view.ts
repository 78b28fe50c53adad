import { z } from 'zod';

/** A value of a schema as data that nothing changes. */
export type View<Schema extends z.ZodType> = Frozen<z.output<Schema>>;

type Frozen<Value> = Value extends readonly (infer Item)[]
  ? readonly Frozen<Item>[]
  : Value extends object
    ? { readonly [Key in keyof Value]: Frozen<Exclude<Value[Key], undefined>> }
    : Value;

type Same<One, Other> =
  (<Value>() => Value extends Frozen<One> ? 1 : 2) extends <Value>() => Value extends Frozen<Other>
    ? 1
    : 2
    ? unknown
    : never;

/**
 * Ties a schema to a type that another room declares. A schema that has more, fewer or other fields
 * than the type does not compile.
 */
export function schemaOf<Type>() {
  return <Schema extends z.ZodType>(schema: Schema & Same<z.output<Schema>, Type>): Schema =>
    schema;
}

/** An instant in UTC. */
export const instant = z.iso.datetime();

export const count = z.int().min(0);

export const minutes = z.number().min(0);

/** Null without a price. */
export const money = z.number().min(0).nullable();

export const texts = z.record(z.string(), z.string());

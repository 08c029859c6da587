/** An expression of our own in a template, such as `var.x`; everything else in a template is literal text. */
export class Expression {
  readonly source: string;
  constructor(source: string) {
    this.source = source;
  }
}

/** Text of our own with Packer's run-time tokens, such as `{{ .Path }}`; `{{` is refused everywhere else. */
export class GoTemplate {
  readonly source: string;
  constructor(source: string) {
    this.source = source;
  }
}

/** A string put together from literal text and expressions. */
export class Joined {
  readonly parts: readonly (string | Expression)[];
  constructor(parts: readonly (string | Expression)[]) {
    this.parts = parts;
  }
}

export type TemplateScalar = string | number | boolean | Expression | GoTemplate | Joined;
/** `undefined` leaves a field out. */
export type TemplateValue = TemplateScalar | TemplateValue[] | TemplateObject | undefined;
export type TemplateObject = { [key: string]: TemplateValue };

/** A reference to a variable of the template. */
export const variable = (name: string): Expression => new Expression(`var.${name}`);

/** Literal text and expressions side by side: `join('K=', variable('x'))`. */
export const join = (...parts: (string | Expression)[]): Joined => new Joined(parts);

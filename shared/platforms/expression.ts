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

/** Text of a user in which these tokens of Packer stand for something, and no others. */
export class TokenText {
  readonly text: string;
  readonly tokens: readonly string[];
  /** `tokens` are names such as `.HTTPIP`, written `{{ .HTTPIP }}` with or without the spaces. */
  constructor(text: string, tokens: readonly string[]) {
    this.text = text;
    this.tokens = tokens;
  }
}

/** An expression with literal text on its sides. */
export class Joined {
  readonly before: string;
  readonly expression: Expression;
  readonly after: string;
  constructor(before: string, expression: Expression, after: string) {
    this.before = before;
    this.expression = expression;
    this.after = after;
  }
}

export type TemplateScalar = string | number | boolean | Expression | GoTemplate | Joined | TokenText;
/** `undefined` leaves a field out. */
export type TemplateValue = TemplateScalar | TemplateValue[] | TemplateObject | undefined;
export type TemplateObject = { [key: string]: TemplateValue };

/** A reference to a variable of the template. */
export const variable = (name: string): Expression => new Expression(`var.${name}`);

/** Literal text around an expression: `join('K=', variable('x'))`. */
export const join = (before: string, expression: Expression, after = ''): Joined =>
  new Joined(before, expression, after);

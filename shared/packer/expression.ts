/** An expression of our own in a template, such as `var.x`; everything else in a template is literal text. */
export class Expression {
  readonly source: string;
  constructor(source: string) {
    this.source = source;
  }
}

export type TemplateValue = string | number | boolean | Expression | TemplateValue[] | TemplateObject | undefined;
export type TemplateObject = { [key: string]: TemplateValue };

/** A reference to a variable of the template. */
export const variable = (name: string): Expression => new Expression(`var.${name}`);

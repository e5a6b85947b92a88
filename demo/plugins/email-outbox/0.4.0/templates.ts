export interface Template {
  subject: string;
  text: string;
}

const FIELD = /\{\{\s*([A-Za-z]\w*)\s*\}\}/g;

/** Put values into a template. Throws if one is missing: half a mail helps nobody. */
export function render(template: Template, values: Record<string, string>): Template {
  const fill = (text: string): string =>
    text.replace(FIELD, (_match, name: string) => {
      const value = values[name];
      if (value === undefined) throw new Error(`email-outbox: the template needs a value for ${name}`);
      return value;
    });
  return { subject: fill(template.subject), text: fill(template.text) };
}

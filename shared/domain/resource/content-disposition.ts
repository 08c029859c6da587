const byte = (char: string): string => `%${char.charCodeAt(0).toString(16).toUpperCase()}`;

/** Characters that RFC 5987 wants encoded and `encodeURIComponent` leaves as they are. */
const encoded = (name: string): string => encodeURIComponent(name).replaceAll(/['()*!]/g, byte);

/**
 * The header by which a browser saves a download under its own name: plain characters for old programs, the exact
 * name as RFC 6266 and RFC 5987 write it. Holds ASCII only, whatever the name holds.
 */
export const attachmentNamed = (fileName: string): string => {
  const plain = fileName.replaceAll(/[^A-Za-z0-9._ -]/gu, '_');
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded(fileName)}`;
};

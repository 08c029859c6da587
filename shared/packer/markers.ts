import { NONCE_VARIABLE } from '../contracts/bundle.ts';
import { join, type TemplateObject, variable } from '../platforms/expression.ts';

/**
 * Step markers: lines that Packer's own machine prints before each provisioner and after the last, so that the steps
 * of a run can be followed whatever a provisioner's type and Packer's version. They carry a nonce that the runner makes
 * for each run and that is never sent to the build VM: a script cannot fake a step.
 */

export type MarkerEdge = 'begin' | 'end';
export type Marker = { index: number; edge: MarkerEdge };

const WORD = '@@goldsmith';
const tail = (index: number, total: number, edge: MarkerEdge) => ` step ${index}/${total} ${edge}`;

/** The text that marks one edge of step `index` (from 1) of `total`, as it appears in Packer's output. */
export const markerText = (nonce: string, index: number, total: number, edge: MarkerEdge): string =>
  `${WORD} ${nonce}${tail(index, total, edge)}`;

const markerProvisioner = (index: number, total: number, edge: MarkerEdge): TemplateObject => ({
  'shell-local': { inline: [join(`echo ${WORD} `, variable(NONCE_VARIABLE), tail(index, total, edge))] },
});

/** The provisioner that marks the begin of a step. */
export const beginMarker = (index: number, total: number): TemplateObject =>
  markerProvisioner(index, total, 'begin');

/** The provisioner that marks the end of a step; it is not reached when the step fails. */
export const endMarker = (index: number, total: number): TemplateObject =>
  markerProvisioner(index, total, 'end');

const MARKER = /(?:^|\s)@@goldsmith (\S+) step (\d{1,6})\/\d{1,6} (begin|end)\s*$/;

/**
 * Reads the marker in one line of Packer's output, with or without the `==> type.name:` before it. Undefined when
 * there is none or when it carries another nonce (a script that imitates one); an empty nonce matches nothing.
 */
export const readMarker = (line: string, nonce: string): Marker | undefined => {
  const match = MARKER.exec(line);
  if (match === null || match[1] !== nonce) return undefined;
  return { index: Number(match[2]), edge: match[3] === 'begin' ? 'begin' : 'end' };
};

const NOISE =
  /(?:^|\s)(?:Running local shell script: .*packer-shell\d+|Skipping shell-local due to runtime OS)\s*$/;

/** Whether a line is only what Packer says about running a marker or our login step: not worth a place in the log. */
export const isMarkerNoise = (text: string): boolean => NOISE.test(text);

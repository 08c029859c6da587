import type { PackerArtifact } from '../../shared/contracts/agent-protocol.ts';
import type { PackerGeneration } from '../../shared/contracts/bundle.ts';
import type { LogLine } from '../../shared/contracts/entities/log.ts';
import { isMarkerNoise, readMarker } from '../../shared/packer/markers.ts';
import { createArtifactCollector } from '../../shared/packer/output/artifacts.ts';
import { type PackerEvent, readPackerLine } from '../../shared/packer/output/events.ts';
import { uiLines } from '../../shared/packer/output/ui-text.ts';
import type { BuildFacts } from './build-facts.ts';
import type { RawLine } from './line-splitter.ts';
import { isStepFailure, isStepTimeout, streamOf, type UiLine } from './output-voice.ts';
import type { StepTracker } from './step-tracker.ts';

export type OutputReaderOptions = {
  nonce: string;
  generation: PackerGeneration;
  tracker: StepTracker;
  facts: Pick<BuildFacts, 'read'>;
  redact: (text: string, isCut?: boolean) => string;
  /** Takes one line of the log; its text is redacted once more there, as it then stands. */
  onLine: (line: Pick<LogLine, 'stream' | 'level' | 'text'>) => void;
};

/**
 * Turns the output of Packer into lines of the run's log, step events and facts. Markers and facts are read from
 * the text as it is, the log gets it without secrets.
 */
export const createOutputReader = (options: OutputReaderOptions) => {
  const { nonce, generation, tracker, facts, redact, onLine } = options;
  const artifacts = createArtifactCollector();

  const follow = (text: string): void => {
    const marker = readMarker(text, nonce);
    if (marker !== undefined) tracker.mark(marker);
    else if (tracker.current() === null) facts.read(text);
  };
  const readUi = (ui: UiLine, isCut: boolean): void => {
    for (const text of uiLines(ui.data)) follow(text);
    // Hidden before the text is split: a secret may hold what looks like a line break.
    const data = redact(ui.data, isCut);
    for (const text of uiLines(data)) {
      if (readMarker(text, nonce) !== undefined || isMarkerNoise(text)) continue;
      const stream = streamOf(ui, text, tracker.current() !== null, generation);
      onLine({ stream, level: ui.voice === 'error' ? 'error' : 'info', text });
      tracker.heard();
      if (isStepTimeout(text)) tracker.late();
      if (isStepFailure(ui, text, generation)) tracker.fail();
    }
  };
  /** Ids stay as they are: they must lead to the image. */
  const hideInArtifact = (event: PackerEvent, isCut: boolean): PackerEvent =>
    event.kind === 'artifact' && event.field === 'string'
      ? { ...event, value: redact(event.value, isCut) }
      : event;
  return {
    read: ({ text, isCut }: RawLine, source: 'stdout' | 'stderr'): void => {
      const event = source === 'stdout' ? readPackerLine(text) : { kind: 'plain' as const, text };
      artifacts.add(hideInArtifact(event, isCut));
      if (event.kind === 'ui') readUi(event, isCut);
      else if (event.kind === 'plain' && text.trim() !== '') {
        onLine({
          stream: 'packer',
          level: source === 'stderr' ? 'error' : 'info',
          text: redact(text, isCut),
        });
      }
    },
    artifacts: (): PackerArtifact[] => artifacts.list(),
  };
};
export type OutputReader = ReturnType<typeof createOutputReader>;

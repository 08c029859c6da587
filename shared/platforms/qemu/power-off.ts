import type { TemplateObject, TemplateScalar } from '../expression.ts';

/** Packer's own time for a shutdown, in seconds. */
const DEFAULT_SECONDS = 300;
const UNITS: Record<string, number> = { ms: 0.001, s: 1, m: 60, h: 3600 };

/** Seconds of a duration such as `1h30m`, rounded up. */
const secondsOf = (duration: string): number => {
  const parts = [...duration.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  return Math.ceil(parts.reduce((sum, [, value, unit]) => sum + Number(value) * (UNITS[unit ?? ''] ?? 0), 0));
};

/**
 * A provisioner that waits until QEMU has let go of the disk, for a machine that its last step shuts down: Packer has no
 * argument for that, and would cut the power in the middle of it. `disk` is `GOLDSMITH_DISK=` and the path. It runs on
 * the machine of QEMU, which needs a POSIX shell.
 */
export const waitUntilOff = (disk: TemplateScalar, timeout: string | undefined): TemplateObject => ({
  'shell-local': {
    environment_vars: [disk],
    inline: [
      'seconds=0',
      'until qemu-img info "$GOLDSMITH_DISK" >/dev/null 2>&1; do',
      `  if [ $seconds -ge ${timeout === undefined ? DEFAULT_SECONDS : secondsOf(timeout)} ]; then`,
      '    echo "Timeout while waiting for machine to shut down." >&2; exit 1',
      '  fi',
      '  seconds=$((seconds + 1)); sleep 1',
      'done',
    ],
  },
});

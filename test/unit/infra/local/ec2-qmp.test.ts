import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { QmpConnection } from '../../../../infra/local/standins/ec2/vm/qmp.ts';

function connect(): { connection: QmpConnection; qemu: PassThrough; sent: string[]; events: string[] } {
  const [qemu, output, sent, events] = [
    new PassThrough(),
    new PassThrough(),
    new Array<string>(),
    new Array<string>(),
  ];
  output.on('data', (data: Buffer) => sent.push(data.toString().trim()));
  const connection = new QmpConnection(qemu, output, (name, reason) => events.push(`${name} ${reason}`));
  return { connection, qemu, sent, events };
}

test('is ready when QEMU has greeted and taken the first command', async () => {
  const { connection, qemu, sent } = connect();
  qemu.write('{"QMP": {}}\n');
  await expect.poll(() => sent).toEqual(['{"execute":"qmp_capabilities","id":1}']);
  qemu.write('{"return": {}, "id": 1}\n');
  await connection.ready;
});

test('rejects a command with the reason that QEMU gives', async () => {
  const { connection, qemu } = connect();
  const stop = connection.execute('stop');
  qemu.write('{"error": {"class": "GenericError", "desc": "not now"}, "id": 1}\n');
  await expect(stop).rejects.toThrow('not now');
});

test('passes events on with their reason, and ignores what it does not know', async () => {
  const { events, qemu } = connect();
  qemu.write('{"unknown": 1}\n{"event": "SHUTDOWN", "data": {"guest": true, "reason": "guest-reset"}}\n');
  await expect.poll(() => events).toEqual(['SHUTDOWN guest-reset']);
});

test('fails what is under way and what comes later when QEMU ends', async () => {
  const { connection, qemu } = connect();
  const stop = connection.execute('stop');
  qemu.end();
  await expect(stop).rejects.toThrow('ended');
  await expect(connection.ready).rejects.toThrow('ended');
  await expect(connection.execute('cont')).rejects.toThrow('ended');
});

/**
 * Proxmox VE at the network's edge: the calls that Packer's builders make, over TLS, answered as Proxmox's own API
 * documentation says (pve-docs/api-viewer). Behind it stand real machines. It keeps what it was told and by which calls.
 */
import { once } from 'node:events';
import { createServer as createHttpsServer } from 'node:https';
import { connect, createServer as createTcpServer, type Server } from 'node:net';
import type { IncomingMessage } from 'node:http';
import { makeAuthority } from '../../infra/local/standins/clouds/authority.ts';
import type { Machines } from '../../infra/local/standins/clouds/cloud.ts';

const NODE = 'pve1';
const TICKET = 'PVE:builder@pve:ticket';
const CSRF = 'csrf-token';

export type Guest = {
  id: number;
  name: string;
  config: Record<string, string>;
  isTemplate: boolean;
  isRunning: boolean;
  /** The captured disk that it begins with; the base disk without. */
  image: string | undefined;
};

type Request = { method: string; path: string; fields: URLSearchParams; headers: IncomingMessage['headers'] };
type Answer = { status: number; data: unknown };
const answer = (data: unknown = null): Answer => ({ status: 200, data });
const refuse = (status: number): Answer => ({ status, data: null });
/** Every task has ended well by the time that it is asked about. */
const task = (what: string): Answer => answer(`UPID:${NODE}:0000:0000:0000:${what}:builder@pve:`);

export type FakeProxmox = {
  /** Host and port of the API. */
  server: string;
  /** Whoever trusts it believes the API's certificate. */
  certificate: string;
  /** Port of this machine behind which the SSH server of the running guest is. */
  sshPort: number;
  guests: Map<number, Guest>;
  /** Every call, such as `POST /nodes/pve1/qemu/9000/clone`. */
  calls: string[];
  close: () => Promise<void>;
};

export type FakeProxmoxOptions = {
  machines: Machines;
  /** Port of SSH at the machines' own addresses. */
  machineSshPort: number;
  password: string;
  /** Templates that are there from the beginning, of the base disk. */
  templates: string[];
};

const diskOf = (id: number): string => `proxmox-${id}`;

/** What is in Proxmox, and what its calls do. */
class Datacenter {
  readonly guests = new Map<number, Guest>();
  readonly calls: string[] = [];
  address: string | undefined;
  readonly #options: FakeProxmoxOptions;

  constructor(options: FakeProxmoxOptions) {
    this.#options = options;
    for (const name of options.templates) this.#add(this.#nextId(), name, undefined).isTemplate = true;
  }

  async handle(request: Request): Promise<Answer> {
    this.calls.push(`${request.method} ${request.path}`);
    if (request.path === '/access/ticket') return this.#login(request.fields);
    if (!this.#isKnown(request)) return refuse(401);
    const [, id, verb] = /^\/nodes\/pve1\/qemu\/(\d+)(?:\/(.*))?$/.exec(request.path) ?? [];
    if (id === undefined) return this.#ofCluster(request);
    const guest = this.guests.get(Number(id));
    return guest === undefined
      ? refuse(500)
      : this.#ofGuest(guest, `${request.method} ${verb ?? ''}`, request.fields);
  }

  #login(fields: URLSearchParams): Answer {
    if (fields.get('username') !== 'builder@pve' || fields.get('password') !== this.#options.password)
      return refuse(401);
    return answer({ ticket: TICKET, CSRFPreventionToken: CSRF, username: 'builder@pve' });
  }

  #isKnown({ method, headers }: Request): boolean {
    const shown = [headers.cookie, headers.authorization];
    const isTicket = shown.some((one) => one?.includes(`PVEAuthCookie=${TICKET}`) === true);
    return isTicket && (method === 'GET' || headers['csrfpreventiontoken'] === CSRF);
  }

  #ofCluster({ method, path }: Request): Answer {
    if (path === '/version') return answer({ version: '8.2.4', release: '8.2' });
    if (path === '/cluster/nextid') return answer(String(this.#nextId()));
    if (path === '/cluster/resources') return answer([...this.guests.values()].map(resourceOf));
    if (method === 'GET' && path.startsWith(`/nodes/${NODE}/tasks/`))
      return answer({ status: 'stopped', exitstatus: 'OK' });
    return refuse(501);
  }

  async #ofGuest(guest: Guest, call: string, fields: URLSearchParams): Promise<Answer> {
    switch (call) {
      case 'POST clone':
        this.#add(Number(fields.get('newid')), fields.get('name') ?? '', guest);
        return task('qmclone');
      case 'GET config':
        return answer({ name: guest.name, ...guest.config, ...(guest.isTemplate && { template: 1 }) });
      case 'GET pending':
        return answer([]);
      case 'POST config':
      case 'PUT config':
        guest.name = fields.get('name') ?? guest.name;
        Object.assign(guest.config, Object.fromEntries(fields));
        return task('qmconfig');
      case 'GET status/current':
        return answer({ status: guest.isRunning ? 'running' : 'stopped', vmid: guest.id });
      case 'POST status/start':
        await this.#start(guest);
        return task('qmstart');
      case 'POST status/shutdown':
      case 'POST status/stop':
        await this.#stop(guest);
        return task('qmstop');
      case 'GET agent/network-get-interfaces':
        return answer({ result: interfacesOf() });
      case 'POST template':
        guest.isTemplate = true;
        return task('qmtemplate');
      case 'DELETE ':
        this.guests.delete(guest.id);
        return task('qmdestroy');
      default:
        return refuse(501);
    }
  }

  #nextId = (): number => Math.max(99, ...this.guests.keys()) + 1;

  #add(id: number, name: string, from: Guest | undefined): Guest {
    const image = from === undefined ? undefined : (from.config['disk'] ?? from.image);
    const guest = { id, name, config: {}, isTemplate: false, isRunning: false, image };
    this.guests.set(id, guest);
    return guest;
  }

  async #start(guest: Guest): Promise<void> {
    const { address } = await this.#options.machines.start({
      name: diskOf(guest.id),
      publicKey: decodeURIComponent(guest.config['sshkeys'] ?? ''),
      ...(guest.image === undefined ? {} : { image: guest.image }),
    });
    this.address = address;
    guest.isRunning = true;
  }

  /** Keeps the disk: what is cloned from this guest begins with it. */
  async #stop(guest: Guest): Promise<void> {
    await this.#options.machines.capture(diskOf(guest.id), diskOf(guest.id));
    await this.#options.machines.stop(diskOf(guest.id));
    guest.config['disk'] = diskOf(guest.id);
    guest.isRunning = false;
  }
}

const resourceOf = ({ id, name, isTemplate, isRunning }: Guest) => ({
  id: `qemu/${id}`,
  vmid: id,
  name,
  node: NODE,
  type: 'qemu',
  template: isTemplate ? 1 : 0,
  status: isRunning ? 'running' : 'stopped',
});

/** Packer takes no loopback address, and where this one leads is this machine all the same. */
const interfacesOf = () => [
  { name: 'lo', 'hardware-address': '00:00:00:00:00:00', 'ip-addresses': [addressOf('127.0.0.1')] },
  { name: 'ens18', 'hardware-address': '0a:00:00:00:00:01', 'ip-addresses': [addressOf('0.0.0.0')] },
];
const addressOf = (address: string) => ({ 'ip-address': address, 'ip-address-type': 'ipv4', prefix: 8 });

const read = async (request: IncomingMessage): Promise<Request> => {
  const parts: Buffer[] = [];
  for await (const part of request) if (part instanceof Buffer) parts.push(part);
  const url = new URL(request.url ?? '/', 'https://localhost');
  return {
    method: request.method ?? '',
    path: url.pathname.replace('/api2/json', ''),
    fields: new URLSearchParams(Buffer.concat(parts).toString('utf8')),
    headers: request.headers,
  };
};

const portOf = async (server: Server): Promise<number> => {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
};

/** Leads to the SSH server of the guest that was started last. */
const startForwarder = (datacenter: Datacenter, port: number): Server =>
  createTcpServer((socket) => {
    const { address } = datacenter;
    if (address === undefined) {
      socket.destroy();
      return;
    }
    const guest = connect(port, address);
    for (const end of [socket, guest]) end.on('error', () => [socket, guest].map((one) => one.destroy()));
    socket.pipe(guest).pipe(socket);
  });

/** Starts it on ports of its own. */
export const startFakeProxmox = async (options: FakeProxmoxOptions): Promise<FakeProxmox> => {
  const authority = await makeAuthority();
  const { key, certificate } = await authority.certify('localhost');
  const datacenter = new Datacenter(options);
  const api = createHttpsServer({ key, cert: certificate }, (request, response) => {
    void read(request)
      .then((call) => datacenter.handle(call))
      .then(
        ({ status, data }) => response.writeHead(status).end(JSON.stringify({ data })),
        (error: unknown) =>
          response.writeHead(596).end(JSON.stringify({ data: null, errors: String(error) })),
      );
  });
  const forwarder = startForwarder(datacenter, options.machineSshPort);
  const [apiPort, sshPort] = await Promise.all([portOf(api), portOf(forwarder)]);
  return {
    server: `localhost:${apiPort}`,
    certificate: authority.certificate,
    sshPort,
    guests: datacenter.guests,
    calls: datacenter.calls,
    close: async () => {
      api.closeAllConnections();
      await Promise.all([api, forwarder].map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
};

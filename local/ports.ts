/** The ports of the environment's parts on the loopback address. 0 means any free port. */
export interface Ports {
  readonly app: number;
  readonly blob: number;
  readonly queue: number;
  readonly table: number;
  readonly batch: number;
  readonly vault: number;
  readonly identity: number;
  /** The gRPC port that only the durable client calls. */
  readonly rpc: number;
}

export const FIXED_PORTS: Ports = {
  app: 7071,
  blob: 10000,
  queue: 10001,
  table: 10002,
  batch: 10003,
  vault: 10004,
  identity: 10005,
  rpc: 17071,
};

export const ANY_PORTS: Ports = {
  app: 0,
  blob: 0,
  queue: 0,
  table: 0,
  batch: 0,
  vault: 0,
  identity: 0,
  rpc: 0,
};

/** The sentence for a port of the environment that another program has opened. */
export function portInUse(port: number): string {
  return `port ${port} is taken: the environment is running already, or another program uses it; stop that first`;
}

import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import type { Stamp } from '../state/records';

/** One request, read and checked, as an operation gets it. */
export interface Call<Body = undefined, Name extends string = never> {
  readonly verb: string;
  /** What stands in the places of the path: `{poolId}`. */
  readonly params: Readonly<Record<Name, string>>;
  readonly query: Query;
  readonly headers: IncomingHttpHeaders;
  readonly body: Body;
  /** Scheme and host that the client used: links in answers lead back to it. */
  readonly base: string;
  /** The address that was asked for, without its query. */
  readonly url: string;
}

export type Query = ReadonlyMap<string, string>;

/** An answer; the pipeline adds the headers that every answer has. */
export interface Reply {
  readonly status: number;
  /** The reason phrase; the service's refusals say there what their bodies say. */
  readonly reason?: string;
  readonly body?: object;
  /** The kind of the body, for `odata.metadata`. */
  readonly metadata?: string;
  readonly stamp?: Stamp;
  readonly location?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The bytes of a file. Opened when they are sent: until then nobody would hear of an error. */
  readonly open?: () => Readable;
}

/** What names stand in a path: `pools/{poolId}/nodes/{nodeId}` has two. */
export type PathNames<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? Name | PathNames<Rest>
  : never;

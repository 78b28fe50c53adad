import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import type { EntityVersion } from '../state/records';

/** A validated request, as an operation receives it. */
export interface Call<Body = undefined, Name extends string = never> {
  readonly verb: string;
  /** The values of the path's placeholders: `{poolId}`. */
  readonly params: Readonly<Record<Name, string>>;
  readonly query: Query;
  readonly headers: IncomingHttpHeaders;
  readonly body: Body;
  /** Scheme and host that the client used: all links in a response start with them. */
  readonly base: string;
  /** The requested address, without its query. */
  readonly url: string;
}

export type Query = ReadonlyMap<string, string>;

/** The reply of an operation; the pipeline adds the common headers. */
export interface Reply {
  readonly status: number;
  /** The reason phrase; the service repeats its error message there. */
  readonly reason?: string;
  readonly body?: object;
  /** The type of the body, for `odata.metadata`. */
  readonly metadata?: string;
  readonly version?: EntityVersion;
  readonly location?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The bytes of a file. Opened when they are sent: before that, no error handler exists. */
  readonly open?: () => Readable;
}

/** The names of a path's placeholders: `pools/{poolId}/nodes/{nodeId}` has two. */
export type PathNames<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? Name | PathNames<Rest>
  : never;

import type http from 'node:http';
import { readBody } from '../../local/functions/body';
import { listen } from '../../local/http';

/** An HTTP server with a job that takes a few polls, and the requests that it got. */
export interface JobServer {
  readonly url: string;
  readonly seen: readonly Readonly<Record<string, unknown>>[];
  close(): Promise<void>;
}

export async function startJobServer(): Promise<JobServer> {
  const seen: Readonly<Record<string, unknown>>[] = [];
  let polls = 0;
  const answers: Readonly<Record<string, (response: http.ServerResponse) => void>> = {
    // Without a time: the extension waits for its default.
    '/job': (response) => response.writeHead(202, { location: `${server.url}/poll` }).end('later'),
    '/poll': (response) => {
      polls += 1;
      const headers = { location: `${server.url}/poll`, 'retry-after': '2' };
      if (polls < 3) response.writeHead(202, headers).end();
      else response.writeHead(200, { 'x-answer': 'yes', 'set-cookie': ['a=1', 'b=2'] }).end('done');
    },
    '/accepted': (response) => response.writeHead(202).end('nowhere'),
    '/moved': (response) => response.writeHead(302, { location: '/echo' }).end(),
    '/kept': (response) => response.writeHead(308, { location: '/echo' }).end(),
    '/echo': (response) => response.end('echo'),
    '/wrong': (response) => response.writeHead(500).end('wrong'),
  };
  const server = await listen((request, response) => {
    void readBody(request).then((body) => {
      const { method, url = '', headers } = request;
      const { 'x-functions-key': key, 'x-colour': colour, 'content-type': type } = headers;
      seen.push({ method, url, key, colour, type, body: body.toString('utf8') });
      response.sendDate = false;
      answers[url]?.(response);
    });
  });
  return { url: server.url, seen, close: () => server.close() };
}

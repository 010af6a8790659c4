// What runs a Node.js function: asks the Runtime API for events, calls the handler, answers.
// The API: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
// Handlers: https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html

import { existsSync, readFileSync } from 'node:fs';
import http from 'node:http';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { Writable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { format } from 'node:util';

const API = '/2018-06-01/runtime';
const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':');
// A free socket of this agent doesn't keep the process alive: an empty event loop is seen as one.
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

let currentRequest;

class Fault extends Error {
  constructor(kind, message, trace) {
    super(message);
    this.name = kind;
    if (trace) this.stack = trace;
  }
}

// --- the Runtime API ---

function ask(method, path, body = '', headers = {}) {
  return new Promise((done, failed) => {
    const length = Buffer.byteLength(body);
    const options = { agent, host, port, method, path: API + path, headers: { ...headers, 'content-length': length } };
    const request = http.request(options, (response) => {
      const pieces = [];
      response.on('data', (piece) => pieces.push(piece));
      response.on('end', () => done({ status: response.statusCode, headers: response.headers, body: Buffer.concat(pieces) }));
      response.on('error', failed);
    });
    request.setNoDelay(true);
    request.on('error', failed);
    request.end(body);
  });
}

async function report(path, error) {
  const body = JSON.stringify(asError(error));
  const headers = { 'content-type': 'application/json', 'lambda-runtime-function-error-type': asError(error).errorType };
  await ask('POST', path, body, headers);
}

// --- answers that stream: https://docs.aws.amazon.com/lambda/latest/dg/config-rs-write-functions.html ---

const STREAMS = Symbol('streams');
const ERROR_TYPE = 'Lambda-Runtime-Function-Error-Type';
const ERROR_BODY = 'Lambda-Runtime-Function-Error-Body';

class ResponseStream extends Writable {
  #path;
  #kind = 'application/octet-stream';
  #prelude;
  #request;
  #answered;

  constructor(path) {
    super();
    this.#path = path;
  }

  setContentType(kind) {
    this.#kind = kind;
  }

  // What the response is, before its first byte: JSON, and eight zero bytes.
  begin(kind, prelude) {
    this.#kind = kind;
    this.#prelude = Buffer.concat([Buffer.from(JSON.stringify(prelude)), Buffer.alloc(8)]);
  }

  get begun() {
    return this.#request !== undefined;
  }

  #open() {
    if (this.#request) return this.#request;
    const headers = {
      'content-type': this.#kind,
      'lambda-runtime-function-response-mode': 'streaming',
      'transfer-encoding': 'chunked',
      trailer: `${ERROR_TYPE}, ${ERROR_BODY}`,
    };
    const request = http.request({ agent, host, port, method: 'POST', path: API + this.#path, headers });
    this.#request = request;
    this.#answered = new Promise((done, failed) => {
      request.on('response', (response) => response.resume().on('end', done));
      request.on('error', failed);
    });
    request.setNoDelay(true);
    if (this.#prelude) request.write(this.#prelude);
    return request;
  }

  _write(piece, encoding, done) {
    this.#open().write(piece, encoding, done);
  }

  _final(done) {
    this.#open().end();
    this.#answered.then(() => done(), done);
  }

  // Ends a stream that has begun with an error.
  async fail(error) {
    const described = asError(error);
    this.#request.addTrailers({
      [ERROR_TYPE]: described.errorType,
      [ERROR_BODY]: Buffer.from(JSON.stringify(described)).toString('base64'),
    });
    this.#request.end();
    await this.#answered;
  }
}

globalThis.awslambda = {
  streamifyResponse(handler) {
    handler[STREAMS] = true;
    return handler;
  },
  HttpResponseStream: {
    from(stream, prelude) {
      stream.begin('application/vnd.awslambda.http-integration-response', prelude);
      return stream;
    },
  },
};

async function answerInPieces(handler, event, headers, path) {
  const stream = new ResponseStream(`${path}/response`);
  const finished = new Promise((done, failed) => stream.on('finish', done).on('error', failed));
  finished.catch(() => {});
  try {
    const given = handler(event, stream, contextOf(headers, () => {}));
    if (typeof given?.then !== 'function') throw new Fault('Runtime.InvalidStreamingOperation', 'Streaming does not support non-async handlers.');
    await given;
    await finished;
  } catch (error) {
    if (!stream.begun) throw error;
    logError('Invoke Error', error);
    await stream.fail(error);
  }
}

// --- logs ---

const LEVELS = { trace: 'TRACE', debug: 'DEBUG', log: 'INFO', info: 'INFO', warn: 'WARN', error: 'ERROR' };
const ORDER = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'];
const wantsJson = process.env.AWS_LAMBDA_LOG_FORMAT === 'JSON';
const lowest = wantsJson ? Math.max(ORDER.indexOf(process.env.AWS_LAMBDA_LOG_LEVEL ?? 'INFO'), 0) : 0;

// Lines of one event are parted by CR: whoever reads the log makes LF of it, and an event of each LF.
const write = (text) => process.stdout.write(text.replace(/\n/g, '\r') + '\n');

function log(level, message) {
  if (ORDER.indexOf(level) < lowest) return;
  const timestamp = new Date().toISOString();
  if (wantsJson) write(JSON.stringify({ timestamp, level, requestId: currentRequest, message }));
  else write(`${timestamp}\t${currentRequest ?? 'undefined'}\t${level}\t${message}`);
}

for (const [method, level] of Object.entries(LEVELS)) {
  console[method] = (...given) => log(level, format(...given));
}

// --- errors, in the shape that callers and logs see ---

function asError(error) {
  if (error instanceof Error) {
    return { errorType: error.name, errorMessage: error.message, trace: (error.stack ?? '').split('\n') };
  }
  return { errorType: typeof error, errorMessage: String(error), trace: [] };
}

function logError(title, error) {
  const { errorType, errorMessage, trace } = asError(error);
  const own = error instanceof Error ? Object.fromEntries(Object.entries(error)) : {};
  const details = JSON.stringify({ errorType, errorMessage, ...own, stack: trace });
  log('ERROR', `${title} \t${details}`);
}

async function dieOf(title, kind, error) {
  const fault = kind ? new Fault(kind, String(error), error?.stack) : error;
  logError(title, fault);
  const path = currentRequest ? `/invocation/${currentRequest}/error` : '/init/error';
  await report(path, fault).catch(() => {});
  process.exit(kind === 'Runtime.UnhandledPromiseRejection' ? 128 : 129);
}

process.on('uncaughtException', (error) => dieOf('Uncaught Exception', undefined, error));
process.on('unhandledRejection', (error) => {
  dieOf('Unhandled Promise Rejection', 'Runtime.UnhandledPromiseRejection', error);
});

// --- the function ---

function isModule(file) {
  if (file.endsWith('.mjs')) return true;
  if (file.endsWith('.cjs')) return false;
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    const description = join(folder, 'package.json');
    if (existsSync(description)) return JSON.parse(readFileSync(description, 'utf8')).type === 'module';
    if (folder === dirname(folder)) return false;
  }
}

async function load(root, name) {
  const base = resolve(root, name);
  const file = ['', '.js', '.mjs', '.cjs'].map((ending) => base + ending).find((path) => /\.\w+$/.test(path) && existsSync(path));
  if (file && isModule(file)) return import(pathToFileURL(file).href);
  const require = createRequire(join(root, 'index.js'));
  return require(file ?? (existsSync(base) ? base : name));
}

async function loadHandler(root, handler) {
  const [, folder, module, path] = handler.match(/^((?:[^/]*\/)*)([^./]+)\.(.+)$/) ?? [];
  if (!path || handler.includes('..')) throw new Fault('Runtime.MalformedHandlerName', 'Bad handler');
  let found;
  try {
    found = await load(root, folder + module);
  } catch (error) {
    if (error instanceof SyntaxError) throw new Fault('Runtime.UserCodeSyntaxError', String(error), error.stack);
    if (['MODULE_NOT_FOUND', 'ERR_MODULE_NOT_FOUND'].includes(error?.code)) {
      throw new Fault('Runtime.ImportModuleError', String(error), error.stack);
    }
    throw error;
  }
  const pick = (from) => path.split('.').reduce((at, part) => at?.[part], from);
  const chosen = pick(found) ?? pick(found.default);
  if (!chosen) throw new Fault('Runtime.HandlerNotFound', `${handler} is undefined or not exported`);
  if (typeof chosen !== 'function') throw new Fault('Runtime.HandlerNotFound', `${handler} is not a function`);
  return chosen;
}

const jsonOf = (text) => (text ? JSON.parse(text) : undefined);

function contextOf(headers, settle) {
  const env = process.env;
  const deadline = Number(headers['lambda-runtime-deadline-ms']);
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: jsonOf(headers['lambda-runtime-client-context']),
    identity: jsonOf(headers['lambda-runtime-cognito-identity']),
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    awsRequestId: headers['lambda-runtime-aws-request-id'],
    getRemainingTimeInMillis: () => Math.max(deadline - Date.now(), 0),
    done: (error, answer) => settle(error, answer, true),
    succeed: (answer) => settle(null, answer, true),
    fail: (error) => settle(error ?? 'handled', undefined, true),
  };
}

// Calls the handler in any of its forms: async, with a callback, or with the context's old methods.
function call(handler, event, headers) {
  return new Promise((done, failed) => {
    let settled = false;
    let answer;
    const finish = () => done(answer);
    const settle = (error, given, atOnce) => {
      if (settled) return;
      settled = true;
      process.removeListener('beforeExit', finish);
      if (error !== null && error !== undefined) return failed(error);
      answer = given;
      if (atOnce || context.callbackWaitsForEmptyEventLoop === false) finish();
      else process.once('beforeExit', finish);
    };
    const context = contextOf(headers, settle);
    // A handler that neither answers nor leaves work behind has answered null.
    process.once('beforeExit', finish);
    try {
      const given = handler(event, context, (error, result) => settle(error, result, false));
      if (typeof given?.then === 'function') given.then((result) => settle(null, result, true), (error) => settle(error ?? 'rejected', undefined, true));
    } catch (error) {
      settle(error, undefined, true);
    }
  }).finally(() => process.removeAllListeners('beforeExit'));
}

function marshal(answer) {
  try {
    return JSON.stringify(answer === undefined ? null : answer) ?? 'null';
  } catch {
    throw new Fault('Runtime.MarshalError', 'Unable to stringify response body');
  }
}

async function serve(handler) {
  for (;;) {
    currentRequest = undefined;
    const { status, headers, body } = await ask('GET', '/invocation/next');
    if (status !== 200) process.exit(1);
    currentRequest = headers['lambda-runtime-aws-request-id'];
    if (headers['lambda-runtime-trace-id']) process.env._X_AMZN_TRACE_ID = headers['lambda-runtime-trace-id'];
    const path = `/invocation/${currentRequest}`;
    try {
      const event = JSON.parse(body.toString('utf8'));
      if (handler[STREAMS]) {
        await answerInPieces(handler, event, headers, path);
        continue;
      }
      const answer = marshal(await call(handler, event, headers));
      const sent = await ask('POST', `${path}/response`, answer, { 'content-type': 'application/json' });
      if (sent.status === 413) {
        const { errorType, errorMessage } = JSON.parse(sent.body.toString('utf8'));
        throw new Fault(errorType, errorMessage);
      }
    } catch (error) {
      logError('Invoke Error', error);
      await report(`${path}/error`, error);
    }
  }
}

try {
  serve(await loadHandler(process.env.LAMBDA_TASK_ROOT ?? '/var/task', process.env._HANDLER));
} catch (error) {
  await dieOf('Uncaught Exception', undefined, error);
}

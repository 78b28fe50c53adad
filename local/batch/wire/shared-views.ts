import type { EntityVersion, Failure, ExecutionInfo, StateHistory } from '../state/records';
import { wireTime } from './time';

/** A state with the previous one, as every resource shows it. */
export function stateView(thing: StateHistory<string>): object {
  return {
    state: thing.state,
    stateTransitionTime: wireTime(thing.stateAt),
    ...(thing.previousState !== undefined && {
      previousState: thing.previousState,
      previousStateTransitionTime: wireTime(thing.previousStateAt ?? thing.stateAt),
    }),
  };
}

interface Resource extends EntityVersion {
  readonly createdAt: number;
}

interface Identified {
  readonly id: string;
  readonly displayName?: string;
}

/** The first properties of every pool, job, schedule and task. */
export function resourceView(spec: Identified, record: Resource, url: string): object {
  return {
    id: spec.id,
    ...(spec.displayName !== undefined && { displayName: spec.displayName }),
    url,
    eTag: record.eTag,
    lastModified: wireTime(record.modifiedAt),
    creationTime: wireTime(record.createdAt),
  };
}

/** A timestamp that may be absent. */
export function optionalTime<Name extends string>(
  name: Name,
  at: number | undefined,
): Partial<Record<Name, string>> {
  return at === undefined ? {} : ({ [name]: wireTime(at) } as Record<Name, string>);
}

export function failureView({ category, code, message, details }: Failure): object {
  return { category, code, message, ...(details !== undefined && { details }) };
}

/** The state of a special task: `startTaskInfo`, preparation and release. */
export function executionInfoView(info: ExecutionInfo): object {
  return {
    state: info.state,
    startTime: wireTime(info.startedAt),
    ...optionalTime('endTime', info.endedAt),
    ...(info.exitCode !== undefined && { exitCode: info.exitCode }),
    ...(info.container !== undefined && { containerInfo: info.container }),
    ...(info.failure !== undefined && { failureInfo: failureView(info.failure) }),
    retryCount: info.retryCount,
    ...optionalTime('lastRetryTime', info.lastRetryAt),
    ...(info.result !== undefined && { result: info.result }),
  };
}

/** The default user of a task. */
const POOL_USER = { autoUser: { scope: 'pool', elevationLevel: 'nonadmin' } };

interface Identity {
  readonly username?: string;
  readonly autoUser?: { readonly scope?: string; readonly elevationLevel?: string };
}

export function identityView(identity: Identity | undefined): object {
  if (identity === undefined) return POOL_USER;
  if (identity.autoUser === undefined) return identity;
  return { autoUser: { ...POOL_USER.autoUser, ...identity.autoUser } };
}

interface Constraints {
  readonly maxWallClockTime?: string;
  readonly retentionTime?: string;
  readonly maxTaskRetryCount?: number;
}

interface SpecialSpec {
  readonly userIdentity?: Identity;
  readonly containerSettings?: object;
}

/** Removes secrets: they are never returned. */
export function withoutSecrets(spec: object): object {
  return JSON.parse(
    JSON.stringify(spec, (key, value: unknown) => (SECRETS.has(key) ? undefined : value)),
  ) as object;
}

const SECRETS = new Set(['password', 'accountKey', 'sasKey', 'sshPrivateKey', 'protectedSettings']);

/** The service's defaults for the constraints of a task. */
export function constraintsView(constraints: Constraints | undefined, retries: number): object {
  return {
    maxWallClockTime: constraints?.maxWallClockTime ?? 'P10675199DT2H48M5.4775807S',
    retentionTime: constraints?.retentionTime ?? 'P7D',
    maxTaskRetryCount: constraints?.maxTaskRetryCount ?? retries,
  };
}

export function withIdentity<T extends SpecialSpec>(spec: T): object {
  return { ...withoutSecrets(spec), userIdentity: identityView(spec.userIdentity) };
}

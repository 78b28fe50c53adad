import type { Assumption, Finding, Verdict } from './assumption';
import { phasesOf } from '../cli/runs';
import type { Observed } from './run-checks';

export interface Report {
  readonly target: string;
  /** True for the local environment, whose answers prove nothing about Azure. */
  readonly isLocal: boolean;
  readonly at: string;
  readonly assumptions: readonly Assumption[];
  readonly findings: readonly Finding[];
  readonly runs: readonly Observed[];
}

interface Row extends Finding {
  readonly about: Assumption;
}

const TITLES: Readonly<Record<Verdict, string>> = {
  contradicted: 'Contradicted',
  confirmed: 'Confirmed',
  notChecked: 'Not checked',
};

/** Every assumption with its verdict; without a finding it was not checked. */
export function rowsOf({ assumptions, findings }: Report): readonly Row[] {
  return assumptions.map((about) => {
    const found = findings.filter(({ assumption }) => assumption === about.id);
    const finding = found.find(({ verdict }) => verdict === 'contradicted') ??
      found[0] ?? {
        assumption: about.id,
        verdict: 'notChecked' as const,
        observed: about.byHand ?? 'the verification ended before this check',
      };
    return { ...finding, about };
  });
}

export function countOf(report: Report, verdict: Verdict): number {
  return rowsOf(report).filter((row) => row.verdict === verdict).length;
}

/** The report as Markdown. */
export function markdownOf(report: Report): string {
  const rows = rowsOf(report);
  return [
    `# Verification of ${report.target}`,
    '',
    report.isLocal
      ? `${report.at}, against the local environment: its answers show that the checks work, and nothing about Azure.`
      : `${report.at}, against a deployed app.`,
    '',
    ...(['contradicted', 'confirmed', 'notChecked'] as const).flatMap((verdict) =>
      sectionOf(
        TITLES[verdict],
        rows.filter((row) => row.verdict === verdict),
      ),
    ),
    ...runLines(report.runs),
    '',
  ].join('\n');
}

function sectionOf(title: string, rows: readonly Row[]): readonly string[] {
  if (rows.length === 0) return [];
  const observed = title === 'Not checked' ? 'reason, or how to check it' : 'observed';
  return [
    `## ${title} (${rows.length})`,
    '',
    `| assumption | ${observed} | depends on it |`,
    '| --- | --- | --- |',
    ...rows.map(
      ({ about, observed: text }) =>
        `| ${about.id}: ${cell(about.statement)} | ${cell(text)} | \`${about.dependsOn}\` |`,
    ),
    '',
  ];
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll(/\s*\n\s*/g, ' ');
}

function runLines(runs: readonly Observed[]): readonly string[] {
  if (runs.length === 0) return [];
  return [
    '## Runs',
    '',
    '| run | end | node-minutes | minutes of each phase |',
    '| --- | --- | --- | --- |',
    ...runs.map(({ title, run }) => {
      const recorded = run.record === null ? [] : phasesOf(run.record);
      const phases = recorded.map(({ phase, seconds }) => `${phase} ${(seconds / 60).toFixed(1)}`);
      return `| ${title}: ${run.runId} | ${run.status} | ${run.nodeMinutes} | ${phases.join(', ')} |`;
    }),
    '',
  ];
}

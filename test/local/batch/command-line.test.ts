import { expect, test } from 'vitest';
import { CommandLineError, splitCommandLine } from '../../../local/batch/command-line';

test.each([
  ['echo hello', ['echo', 'hello']],
  ['  echo \t hello \n', ['echo', 'hello']],
  ['', []],
  [' \t\n', []],
  [`/bin/sh -c "echo $HOME && ls"`, ['/bin/sh', '-c', 'echo $HOME && ls']],
  [`sh -c 'printf "%s\\n" a b'`, ['sh', '-c', 'printf "%s\\n" a b']],
  [`a"b c"d'e f'g`, ['ab cde fg']],
  [`run "" ''`, ['run', '', '']],
  [`a\\ b c`, ['a b', 'c']],
  [`\\"a\\"`, ['"a"']],
  [`"a\\"b" "c\\\\d" "e\\$f" "g\\\`h" "i\\j"`, ['a"b', 'c\\d', 'e$f', 'g`h', 'i\\j']],
  [`'a\\b'`, ['a\\b']],
  ['a\\\nb "c\\\nd"', ['ab', 'cd']],
  ['echo $HOME *.txt ~ `id` $(id) > out; ls | wc', null],
])('the line %j is split into its words', (line, words) => {
  expect(splitCommandLine(line)).toEqual(words ?? line.split(' '));
});

test.each([
  [`echo 'a b`, `opens a quotation with ' at character 6`],
  [`echo "a b`, `opens a quotation with " at character 6`],
  [`echo "a\\"`, `opens a quotation with " at character 6`],
  [`don't`, `opens a quotation with ' at character 4`],
  ['echo a\\', 'ends in a backslash without a character to escape'],
])('the unfinished line %j is refused', (line, reason) => {
  expect(() => splitCommandLine(line)).toThrow(CommandLineError);
  expect(() => splitCommandLine(line)).toThrow(reason);
});
